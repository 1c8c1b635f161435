package webhook

import (
	"encoding/json"
	"strconv"
	"time"

	"liuke/shared/cloudevent"
	"liuke/shared/dialect"
	"liuke/shared/fault"
)

// standardNames are the parts of a payload of Standard Webhooks: {"type":"…","timestamp":"…","data":{…}}.
var standardNames = cloudevent.Names{Type: "/type", Time: "/timestamp", Data: "/data"}

// readStandard carries over a delivery of Standard Webhooks as if it were a CloudEvent whose source is the connection.
// Its id is the header webhook-id, which stays the same when the sender tries again; a payload without a timestamp
// happened when it was sent.
func readStandard(d *Delivery) Reading {
	call := dialect.Call{Raw: d.Body}
	var e cloudevent.Event
	if e, call.Err = standardEvent(d); call.Err == nil {
		call = e.Call(d.Body, "")
	}
	return Reading{Calls: []dialect.Call{call}}
}

func standardEvent(d *Delivery) (cloudevent.Event, error) {
	e := cloudevent.Event{ID: d.Header("webhook-id"), Source: d.Connection, IDPrefix: "webhook-", Names: standardNames}
	if !json.Valid(d.Body) {
		return e, fault.New(fault.Invalid, "the body is not valid JSON")
	}
	members, err := dialect.Members(d.Body)
	if err != nil {
		return e, fault.New(fault.Invalid, "the body %s", err.Error())
	}
	for _, m := range members {
		var part *string
		switch m.Name {
		case "data":
			e.Data = m.Value
		case "type":
			part = &e.Type
		case "timestamp":
			part = &e.Time
		}
		if part == nil || string(m.Value) == "null" {
			continue
		}
		if *part, err = dialect.Text(m.Value, "/"+m.Name, m.Name); err != nil {
			return e, err
		}
	}
	if e.Type == "" {
		return e, fault.At("/type", "a webhook needs a type")
	}
	if e.ID == "" {
		return e, fault.New(fault.Invalid, "a webhook needs the header webhook-id")
	}
	if seconds, err := strconv.ParseInt(d.Header("webhook-timestamp"), 10, 64); e.Time == "" && err == nil {
		e.Time = time.Unix(seconds, 0).UTC().Format(time.RFC3339)
	}
	return e, nil
}
