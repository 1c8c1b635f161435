package suite

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"golang.org/x/sync/errgroup"
)

// QueueState is how many messages a queue holds.
type QueueState struct {
	Name     string `json:"name"`
	Visible  int    `json:"visible"`
	InFlight int    `json:"in_flight"`
	Delayed  int    `json:"delayed"`
	Dead     int    `json:"dead"` // among its dead letters
}

// State is what the suite has left to do.
type State struct {
	Queues  []QueueState `json:"queues"`
	Running int          `json:"running"` // invocations under way
	// Idle says that no message is visible or in flight in any queue that a function works off, no invocation is under
	// way, and no mail event and no event of a bus on its way. Delayed messages and dead letters are not counted.
	Idle bool `json:"idle"`
}

// State counts the messages of all queues. The answer is that of one moment only where Idle is true.
func (s *Suite) State(ctx context.Context) (State, error) {
	ended := s.invocations.Load()
	settled := s.mailSettled()
	counts := make([]QueueState, len(s.sources))
	g, counting := errgroup.WithContext(ctx)
	for i, q := range s.sources {
		g.Go(func() (err error) {
			counts[i], err = s.count(counting, q)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return State{}, fmt.Errorf("count the messages: %w", err)
	}
	state := State{Queues: counts, Running: s.running(), Idle: settled && s.mailSettled() && s.buses.Pending() == 0}
	for _, q := range counts {
		state.Idle = state.Idle && q.Visible == 0 && q.InFlight == 0
	}
	// Whatever moved a message from one queue to another meanwhile was an invocation: it runs still, or has ended since.
	state.Idle = state.Idle && state.Running == 0 && s.invocations.Load() == ended
	return state, nil
}

// source is a queue that something works off, or the dead letters of a schedule alone.
type source struct {
	name string
	work *queue // nil for a schedule
	dead *queue // nil for none
}

func (s *Suite) count(ctx context.Context, q source) (QueueState, error) {
	state := QueueState{Name: q.name}
	if q.work != nil {
		n, err := s.depth(ctx, q.work)
		if err != nil {
			return state, err
		}
		state.Visible, state.InFlight, state.Delayed = n[0], n[1], n[2]
	}
	if q.dead != nil {
		n, err := s.depth(ctx, q.dead)
		if err != nil {
			return state, err
		}
		state.Dead = n[0] + n[1] + n[2]
	}
	return state, nil
}

var depthAttributes = []types.QueueAttributeName{
	types.QueueAttributeNameApproximateNumberOfMessages,
	types.QueueAttributeNameApproximateNumberOfMessagesNotVisible,
	types.QueueAttributeNameApproximateNumberOfMessagesDelayed,
}

// depth returns how many messages are visible, in flight and delayed.
func (s *Suite) depth(ctx context.Context, q *queue) (n [3]int, err error) {
	out, err := s.sqs.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &q.url, AttributeNames: depthAttributes})
	if err != nil {
		return n, err
	}
	for i, name := range depthAttributes {
		if n[i], err = strconv.Atoi(out.Attributes[string(name)]); err != nil {
			return n, fmt.Errorf("queue %s: %s: %w", q.Short(), name, err)
		}
	}
	return n, nil
}

// Settle waits until the suite is idle and no message is delayed.
func (s *Suite) Settle(ctx context.Context) error {
	for {
		state, err := s.State(ctx)
		if err != nil {
			return err
		}
		delayed := 0
		for _, q := range state.Queues {
			delayed += q.Delayed
		}
		if state.Idle && delayed == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// keptMessage is a message that outlives a restart.
type keptMessage struct {
	Body       string                                 `json:"body"`
	Attributes map[string]types.MessageAttributeValue `json:"attributes,omitempty"`
	Until      time.Time                              `json:"until,omitzero"` // delayed until then
}

// saveQueues writes what the queues hold to a file: fauxqs keeps it in memory alone. Its inspection leaves messages
// where they are, so that those in flight are kept as well.
func (s *Suite) saveQueues(ctx context.Context, file string) error {
	kept := map[string][]keptMessage{} // by the queue's name
	for _, q := range s.queues {
		messages, err := s.inspect(ctx, q)
		if err != nil {
			return fmt.Errorf("save queue %s: %w", q.Short(), err)
		}
		if len(messages) > 0 {
			kept[q.Name] = messages
		}
	}
	raw, err := json.Marshal(kept)
	if err != nil {
		return err
	}
	return os.WriteFile(file, raw, 0o600)
}

func (s *Suite) inspect(ctx context.Context, q *queue) ([]keptMessage, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.queueEngine.URL+"/_fauxqs/queues/"+q.Name, nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the engine answered %s: %.200s", response.Status, raw)
	}
	type message struct {
		Body       string                                 `json:"body"`
		Attributes map[string]types.MessageAttributeValue `json:"messageAttributes"`
		DelayUntil int64                                  `json:"delayUntil"` // Unix ms
	}
	var content struct {
		Messages struct {
			Ready    []message `json:"ready"`
			Delayed  []message `json:"delayed"`
			InFlight []struct {
				Message message `json:"message"`
			} `json:"inflight"`
		} `json:"messages"`
	}
	if err := json.Unmarshal(raw, &content); err != nil {
		return nil, err
	}
	var kept []keptMessage
	add := func(m message) {
		k := keptMessage{Body: m.Body, Attributes: m.Attributes}
		if m.DelayUntil > 0 {
			k.Until = time.UnixMilli(m.DelayUntil)
		}
		kept = append(kept, k)
	}
	for _, m := range content.Messages.InFlight {
		add(m.Message)
	}
	for _, m := range append(content.Messages.Ready, content.Messages.Delayed...) {
		add(m)
	}
	return kept, nil
}

// restoreQueues sends again what an earlier run has saved, and removes the file.
func (s *Suite) restoreQueues(ctx context.Context, file string) error {
	raw, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	kept := map[string][]keptMessage{}
	if err == nil {
		err = json.Unmarshal(raw, &kept)
	}
	if err != nil {
		return fmt.Errorf("read what the queues held: %w", err)
	}
	for _, q := range s.queues {
		for _, m := range kept[q.Name] {
			delay := max(0, min(time.Until(m.Until), 15*time.Minute))
			_, err := s.sqs.SendMessage(ctx, &sqs.SendMessageInput{
				QueueUrl: &q.url, MessageBody: aws.String(m.Body), MessageAttributes: m.Attributes, DelaySeconds: int32(delay / time.Second),
			})
			if err != nil {
				return fmt.Errorf("restore queue %s: %w", q.Short(), err)
			}
		}
	}
	return os.Remove(file)
}
