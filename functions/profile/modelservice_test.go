package main

import (
	"context"
	"fmt"
	"time"

	"liuke/shared/customer"
	"liuke/shared/event"
	"liuke/shared/fault"
	"liuke/shared/queue"
)

// modelLake takes events as the schedule has it.
type modelLake struct{ process *process }

func (l *modelLake) PutSealed(_ context.Context, list []event.Event, keys []customer.Key) error {
	v := l.process.call("lake")
	switch v {
	case failBefore, refuse, throttle, crashBefore:
		return fault.New(fault.Unavailable, "injected")
	}
	for i := range list {
		l.process.schedule.sealed(&list[i], keys[i])
	}
	if v == failAfter || v == crashAfter {
		return fault.New(fault.Unavailable, "injected")
	}
	return nil
}

// outbox is a queue that is sent to.
type outbox struct {
	process *process
	name    string
	take    func(queue.Message) error
}

func (o *outbox) Send(_ context.Context, messages ...queue.Message) error {
	v := o.process.call(o.name)
	switch v {
	case failBefore, crashBefore, refuse, throttle:
		return fault.New(fault.Unavailable, "injected")
	}
	for _, m := range messages {
		if err := o.take(m); err != nil {
			o.process.schedule.problem = err
		}
	}
	if v == failAfter || v == crashAfter {
		return fault.New(fault.Unavailable, "injected")
	}
	return nil
}

func (p *process) back(m queue.Message) error {
	p.schedule.waiting = append(p.schedule.waiting, message{body: m.Body})
	if m.Reason == "" && m.Delay < time.Second {
		return fmt.Errorf("an event went back with neither delay nor reason")
	}
	return nil
}
