package standin

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

// The channels by which messages come into the outbox.
const (
	Email   = "email"
	SMS     = "sms"
	Push    = "push"
	Webhook = "webhook"
)

// Message is one message that was sent, as the outbox keeps and shows it. By channels other than mail it has no sender's
// address, one recipient (a number, an endpoint's ARN, a destination's name), a subject where push has a title, and Data.
type Message struct {
	ID               string            `json:"id"` // the provider's message id
	Channel          string            `json:"channel"`
	From             string            `json:"from"`
	To               []string          `json:"to"`
	Cc               []string          `json:"cc,omitempty"`
	Bcc              []string          `json:"bcc,omitempty"`
	ReplyTo          []string          `json:"reply_to,omitempty"`
	Subject          string            `json:"subject"`
	Text             string            `json:"text"`
	HTML             string            `json:"html"`
	Headers          map[string]string `json:"headers"`
	Tags             map[string]string `json:"tags"`
	Data             json.RawMessage   `json:"data,omitempty"` // push: what the app gets; webhook: the body
	ConfigurationSet string            `json:"configuration_set,omitempty"`
	SentAt           time.Time         `json:"sent_at"` // by the suite's clock

	source     string   // From without the display name
	identity   string   // the verified identity it went out under
	recipients []string // all of them, without display names
}

// Outbox keeps what was sent, in the order of sending. It is safe for concurrent use.
type Outbox struct {
	mu       sync.Mutex
	messages []Message
	byID     map[string]int
	file     *os.File
}

// OpenOutbox returns the outbox that the file holds, one message a line; it is made where it is missing. Without a file
// the outbox lives in memory. A last line that was cut off, by a kill in the middle of writing, is dropped.
func OpenOutbox(file string) (_ *Outbox, err error) {
	o := &Outbox{byID: map[string]int{}}
	if file == "" {
		return o, nil
	}
	if o.file, err = os.OpenFile(file, os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return nil, fmt.Errorf("open the outbox: %w", err)
	}
	whole, err := o.load()
	if err == nil {
		err = o.file.Truncate(whole)
	}
	if err == nil {
		_, err = o.file.Seek(whole, io.SeekStart)
	}
	if err != nil {
		o.file.Close()
		return nil, fmt.Errorf("read the outbox %s: %w", file, err)
	}
	return o, nil
}

// load reads the messages and returns how many bytes of the file are whole lines.
func (o *Outbox) load() (whole int64, err error) {
	r := bufio.NewReader(o.file)
	for {
		line, err := r.ReadBytes('\n')
		if err == io.EOF {
			return whole, nil
		}
		if err != nil {
			return 0, err
		}
		var m Message
		if err := json.Unmarshal(line, &m); err != nil {
			return 0, fmt.Errorf("line %d: %w", len(o.messages)+1, err)
		}
		whole += int64(len(line))
		m.Channel = cmp.Or(m.Channel, Email)
		o.keep(m)
	}
}

func (o *Outbox) keep(m Message) {
	o.byID[m.ID] = len(o.messages)
	o.messages = append(o.messages, m)
}

// Add keeps a message; when it returns, the message survives the end of the process.
func (o *Outbox) Add(m Message) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.file != nil {
		var line bytes.Buffer
		if err := json.NewEncoder(&line).Encode(m); err != nil {
			return fmt.Errorf("write to the outbox: %w", err)
		}
		if _, err := o.file.Write(line.Bytes()); err != nil {
			return fmt.Errorf("write to the outbox: %w", err)
		}
	}
	o.keep(m)
	return nil
}

// Messages returns what was sent, the last first; where to is not empty, only what was sent to that address (without
// regard to case and display names).
func (o *Outbox) Messages(to string) []Message { return o.By("", to) }

// By returns what Messages does of one channel, or of all for "".
func (o *Outbox) By(channel, to string) []Message {
	o.mu.Lock()
	defer o.mu.Unlock()
	list := []Message{}
	for _, m := range slices.Backward(o.messages) {
		if (channel == "" || m.Channel == channel) && (to == "" || m.isTo(to)) {
			list = append(list, m)
		}
	}
	return list
}

// Since returns how many messages were sent by the channel after the moment.
func (o *Outbox) Since(channel string, after time.Time) (n int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, m := range slices.Backward(o.messages) {
		if !m.SentAt.After(after) { // a clock that was set back leaves some out
			break
		}
		if m.Channel == channel {
			n++
		}
	}
	return n
}

// Message returns the message with the id.
func (o *Outbox) Message(id string) (Message, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	i, ok := o.byID[id]
	if !ok {
		return Message{}, false
	}
	return o.messages[i], true
}

// Len returns how many messages were sent.
func (o *Outbox) Len() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.messages)
}

// Close closes the file.
func (o *Outbox) Close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.file == nil {
		return nil
	}
	err := o.file.Close()
	o.file = nil
	if errors.Is(err, os.ErrClosed) {
		return nil
	}
	return err
}

func (m Message) isTo(address string) bool {
	for _, to := range slices.Concat(m.To, m.Cc, m.Bcc) {
		if strings.EqualFold(to, address) {
			return true
		}
		if bare, err := bareAddress(to); err == nil && strings.EqualFold(bare, address) {
			return true
		}
	}
	return false
}
