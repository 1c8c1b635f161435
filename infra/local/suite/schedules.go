package suite

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"liuke/infra/local/schedule"
	"liuke/infra/local/template"
)

// makeSchedules makes the template's schedules and what runs them.
func (s *Suite) makeSchedules() ([]*template.Schedule, error) {
	all, err := s.App.Schedules()
	if err != nil {
		return nil, err
	}
	s.runner = &schedule.Runner{Now: s.Clock.Now}
	s.runner.Pause(s.options.Paused)
	for _, sc := range all {
		zone, err := time.LoadLocation(sc.TimeZone)
		if err != nil {
			return nil, fmt.Errorf("schedule %s: %w", sc.Label(), err)
		}
		expression, err := schedule.Parse(sc.Expression, zone, s.Clock.Now().Truncate(time.Minute))
		if err != nil {
			return nil, fmt.Errorf("schedule %s: %w", sc.Label(), err)
		}
		s.targets[sc.Label()] = sc
		made := &schedule.Schedule{
			Name: sc.Label(), Expression: expression, Input: sc.Input,
			Fire: func(ctx context.Context, payload []byte) error { return s.fire(ctx, sc, payload, asyncTries) },
		}
		s.schedules[made.Name] = made
		if sc.Enabled {
			s.runner.Schedules = append(s.runner.Schedules, made)
		}
	}
	return all, nil
}

// asyncTries is how often Lambda tries an asynchronous invocation. It waits a minute and then two between them; here it
// is a second and then two.
const asyncTries = 3

// fire invokes a schedule's target; what never succeeds becomes a dead letter.
func (s *Suite) fire(ctx context.Context, sc *template.Schedule, payload []byte, tries int) error {
	if err := s.authority.Invoke(sc.Role, sc.Target); err != nil {
		return err
	}
	var err error
	for try := 1; try <= tries; try++ {
		// An interrupt ends the suite's functions, and with them this.
		if _, err = s.invoke(context.WithoutCancel(ctx), sc.Target, payload); err == nil || ctx.Err() != nil {
			return err
		}
		if try < tries {
			select {
			case <-time.After(time.Duration(try) * time.Second):
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
	if dead := s.byARN[sc.DeadLetters]; dead != nil && tries > 1 {
		if denied := s.authority.DeadLetter(s.roleOf(sc.Target), dead.ARN); denied != nil {
			return denied
		}
		body := string(payload)
		if _, lost := s.sqs.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &dead.url, MessageBody: &body}); lost != nil {
			return fmt.Errorf("%w; and its dead letter was lost: %w", err, lost)
		}
	}
	return err
}

// Fire lets a schedule happen now, whether or not schedules are paused, and returns when what it invoked has ended. The
// error is the function's.
func (s *Suite) Fire(ctx context.Context, name string) error {
	sc, ok := s.schedules[name]
	if !ok {
		return fmt.Errorf("the schedule %q is %w", name, errNotFound)
	}
	return s.fire(ctx, s.targets[name], sc.Payload(s.Clock.Now()), 1)
}

// Pause keeps schedules from firing by themselves, or lets them again.
func (s *Suite) Pause(paused bool) { s.runner.Pause(paused) }
