package bus

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Limits of one PutEvents call: 10 entries, 1 MB in all.
const (
	mostEntries = 10
	mostBytes   = 1 << 20
)

// request is the body of PutEvents (EventBridge API Reference).
type request struct {
	Entries []struct {
		Source, DetailType, Detail, EventBusName string
		Resources                                []string
		Time                                     *json.Number // Unix seconds
	}
}

type result struct {
	EventID      string `json:"EventId,omitempty"`
	ErrorCode    string `json:",omitempty"`
	ErrorMessage string `json:",omitempty"`
}

// ServeHTTP answers PutEvents, of the AWS CLI or an SDK whose endpoint this is: it checks no signature.
func (b *Buses) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	if target := r.Header.Get("X-Amz-Target"); target != "" && target != "AWSEvents.PutEvents" {
		refuse(w, "UnknownOperationException", "of EventBridge there is PutEvents alone")
		return
	}
	var in request
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, mostBytes)).Decode(&in); err != nil {
		refuse(w, "SerializationException", "the body is not that of PutEvents: "+err.Error())
		return
	}
	if n := len(in.Entries); n < 1 || n > mostEntries {
		refuse(w, "ValidationException", fmt.Sprintf("there are %d entries; give 1 to %d", n, mostEntries))
		return
	}
	results, failed := make([]result, len(in.Entries)), 0
	for i, e := range in.Entries {
		results[i] = b.putEntry(e.EventBusName, Event{Source: e.Source, DetailType: e.DetailType, Detail: json.RawMessage(e.Detail), Resources: e.Resources}, e.Time)
		if results[i].ErrorCode != "" {
			failed++
		}
	}
	json.NewEncoder(w).Encode(map[string]any{"FailedEntryCount": failed, "Entries": results}) // a caller that has gone needs no answer
}

func (b *Buses) putEntry(bus string, e Event, at *json.Number) result {
	if i := strings.Index(bus, ":event-bus/"); i >= 0 { // an ARN
		bus = bus[i+len(":event-bus/"):]
	}
	if bus == "" {
		bus = Default
	}
	var detail map[string]any
	switch {
	case bus != Default && !slices.Contains(b.Names, bus):
		return result{ErrorCode: "ResourceNotFoundException", ErrorMessage: "there is no bus " + bus}
	case e.Source == "" || e.DetailType == "":
		return result{ErrorCode: "InvalidArgument", ErrorMessage: "Source and DetailType are required"}
	case strings.HasPrefix(e.Source, "aws."):
		return result{ErrorCode: "NotAuthorizedForSourceException", ErrorMessage: "sources that begin with aws. are AWS's own"}
	case json.Unmarshal(e.Detail, &detail) != nil || detail == nil:
		return result{ErrorCode: "MalformedDetail", ErrorMessage: "Detail is not the text of a JSON object"}
	}
	if at != nil {
		seconds, err := at.Float64()
		if err != nil {
			return result{ErrorCode: "InvalidArgument", ErrorMessage: "Time is not in Unix seconds"}
		}
		e.Time = time.Unix(int64(seconds), 0).UTC().Format(time.RFC3339)
	}
	id, err := b.Put(bus, e)
	if err != nil {
		return result{ErrorCode: "InternalFailure", ErrorMessage: err.Error()}
	}
	return result{EventID: id}
}

func refuse(w http.ResponseWriter, code, message string) {
	w.WriteHeader(http.StatusBadRequest)
	json.NewEncoder(w).Encode(map[string]string{"__type": code, "message": message})
}
