package dynamo

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/message"
	"liuke/shared/offer"
	"liuke/shared/signal"
	"liuke/shared/survey"
)

// The attributes of a ledger entry. Its revision, locale, survey, invitation and cell are named as those of an answer, so that
// the index ByTime lists both.
const (
	attrScene       = "scene"
	attrStep        = "step"
	attrChannel     = "ch"
	attrOccasion    = "occ"
	attrKind        = "kind"
	attrData        = "data" // JSON text
	attrEntryState  = "st"
	attrGate        = "gate"
	attrEntryReason = "why"
	attrAttempt     = "try"
	attrProvider    = "pid"
	attrCaused      = "t_caused" // this and the following: Unix milliseconds
	attrDecided     = "t_decided"
	attrDue         = "t_due"
	attrClaimed     = "t_claimed"
	attrTried       = "t_tried"
	attrSent        = "t_sent"
	attrArrived     = "t_delivered"
	attrBounced     = "t_bounced"
	attrAccused     = "t_complained"
	attrRejected    = "t_rejected"
	attrOpened      = "t_opened"
	attrClicked     = "t_clicked"
	attrPrefetched  = "t_fetched"
	attrLink        = "link"
	attrLeft        = "t_unsubscribed"
	attrGiven       = "code" // JSON
	attrReserved    = "cost" // micro-units, and the counters where they are set aside
	attrConverted   = "t_goal"
	attrVariant     = "var"
	attrCame        = "came"
	attrWorth       = "worth" // minor units
	attrGoals       = "goals" // a set, as encodeGoals spells them
)

// attrStamps is the contact record's one attribute beside its version.
const attrStamps = "stamps"

// Entry reads one entry, strongly consistent. It returns NotFound where there is none.
func (s *Store) Entry(ctx context.Context, id customer.ID, entry string) (e message.Entry, err error) {
	defer fault.Wrap(&err, "read a ledger entry")
	item, err := s.getRecord(ctx, MessageKey(id, entry))
	if err != nil {
		return e, err
	}
	if len(item) == 0 {
		return e, fault.New(fault.NotFound, "there is no such entry")
	}
	return decodeEntry(id, item), nil
}

// WriteEntry writes a step of an entry, one write unit, on condition that the stored one still has the revision that
// e carries (0: there is none). The step by which an entry has invited to a survey costs another unit, for the index; one that
// changes the budget's counters is a transaction, of two units for the entry and for each of them. It returns the entry with
// its new revision, or Conflict.
func (s *Store) WriteEntry(ctx context.Context, e message.Entry) (_ message.Entry, err error) {
	defer fault.Wrap(&err, "write a ledger entry")
	if items := s.entryItems(&e); len(items) == 1 {
		err = s.updateAs(ctx, items[0].Update)
	} else {
		err = s.transact(ctx, items)
	}
	if err != nil {
		return e, err
	}
	e.Revision++
	e.Changes = nil
	return e, nil
}

// entryItems are the writes of a step: that of the entry, and those of the budget's counters.
func (s *Store) entryItems(e *message.Entry) []types.TransactWriteItem {
	items := []types.TransactWriteItem{{Update: s.entryUpdate(e)}}
	for _, c := range e.Changes {
		items = append(items, types.TransactWriteItem{Update: s.spentUpdate(c)})
	}
	return items
}

// Claim writes a claimed entry and the person's contact record that counts it (Dossier.Person) in one transaction, four
// write units, each on condition that it has not moved: the contact record from the version before its own, the entry
// from its revision. It returns Conflict where either has; then nothing is written. A code that the entry has is given to it
// for two units more, on condition that nobody has it: offer.ErrTaken where that alone stands in the way.
func (s *Store) Claim(ctx context.Context, person customer.ID, e message.Entry, c message.Contact) (err error) {
	defer fault.Wrap(&err, "claim a message")
	contact, err := s.contactUpdate(person, &c)
	if err != nil {
		return err
	}
	items := []types.TransactWriteItem{{Update: contact}, {Update: s.entryUpdate(&e)}}
	if e.Code.Hash != "" {
		items = append(items, types.TransactWriteItem{Update: s.giveCode(e.Code, e.ID, e.Claimed)})
	}
	err = s.transact(ctx, items)
	if e.Code.Hash != "" && onlyLast(err) {
		return offer.ErrTaken
	}
	return err
}

// WriteContact writes a person's contact record, one write unit, on condition that it has not moved since the version before
// its own. It returns Conflict where it has.
func (s *Store) WriteContact(ctx context.Context, person customer.ID, c message.Contact) (err error) {
	defer fault.Wrap(&err, "write a contact record")
	u, err := s.contactUpdate(person, &c)
	if err != nil {
		return err
	}
	return s.updateAs(ctx, u)
}

// Entries reads entries of any customers, strongly consistent, a read unit for each of up to 4 KB, stored or not. What is not
// stored is absent.
func (s *Store) Entries(ctx context.Context, refs []message.Ref) (_ map[message.Ref]message.Entry, err error) {
	defer fault.Wrap(&err, "read ledger entries")
	all := make(map[message.Ref]message.Entry, len(refs))
	for some := range slices.Chunk(refs, batchKeys) {
		list := make([]wanted, len(some))
		for i, ref := range some {
			list[i] = s.wantedRecord(0, MessageKey(ref.Customer, ref.Entry), nil)
		}
		items, err := s.batchGet(ctx, list)
		if err != nil {
			return nil, err
		}
		for i, ref := range some {
			if found := items[list[i].name]; found != nil {
				all[ref] = decodeEntry(ref.Customer, found)
			}
		}
	}
	return all, nil
}

// contactUpdate writes a contact record on condition that it has not moved since the version before its own.
func (s *Store) contactUpdate(id customer.ID, c *message.Contact) (*types.Update, error) {
	stamps, err := c.MarshalBinary()
	if err != nil {
		return nil, err
	}
	contact := &types.Update{
		TableName:        &s.records,
		Key:              attributes(ContactKey(id)),
		UpdateExpression: aws.String("SET #v = :v, #stamps = :stamps"),
		ExpressionAttributeNames: map[string]string{
			"#v": attrVersion, "#stamps": attrStamps,
		},
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":v": number(c.Version), ":stamps": &types.AttributeValueMemberB{Value: stamps},
		},
		ConditionExpression: aws.String("attribute_not_exists(pk)"),
	}
	if c.Version > 1 {
		contact.ConditionExpression = aws.String("#v = :before")
		contact.ExpressionAttributeValues[":before"] = number(c.Version - 1)
	}
	return contact, nil
}

// Messages reads a customer's entries, strongly consistent, at most limit of them from the cursor on ("" for the
// first), in no order of time. The next cursor is "" where there are no more.
func (s *Store) Messages(ctx context.Context, id customer.ID, limit int, cursor string) (list []message.Entry, next string, err error) {
	defer fault.Wrap(&err, "read messages")
	in := s.family(customerPK(id), messagePrefix)
	in.Limit = aws.Int32(int32(limit))
	if cursor != "" {
		in.ExclusiveStartKey = attributes(MessageKey(id, cursor))
	}
	out, err := s.db().Query(ctx, in)
	if err != nil {
		return nil, "", classify(err)
	}
	countRead(ctx, one(out.ConsumedCapacity)...)
	for _, item := range out.Items {
		list = append(list, decodeEntry(id, item))
	}
	if len(out.LastEvaluatedKey) > 0 && len(list) > 0 {
		next = list[len(list)-1].ID
	}
	return list, next, nil
}

// entryUpdate sets all that the entry has and removes all that it has not.
func (s *Store) entryUpdate(e *message.Entry) *types.Update {
	u := &types.Update{
		TableName:                 &s.records,
		Key:                       attributes(MessageKey(e.Customer, e.ID)),
		ExpressionAttributeNames:  map[string]string{},
		ExpressionAttributeValues: map[string]types.AttributeValue{},
	}
	var set, remove []string
	for name, value := range encodeEntry(e) {
		u.ExpressionAttributeNames["#"+name] = name
		if value == nil {
			remove = append(remove, "#"+name)
			continue
		}
		u.ExpressionAttributeValues[":"+name] = value
		set = append(set, "#"+name+" = :"+name)
	}
	expression := "SET " + strings.Join(set, ", ")
	u.ConditionExpression = aws.String("attribute_not_exists(pk)")
	if e.Revision > 0 {
		expression += " REMOVE " + strings.Join(remove, ", ")
		u.ConditionExpression = aws.String("#" + attrRevision + " = :before")
		u.ExpressionAttributeValues[":before"] = number(e.Revision)
	} else {
		for _, name := range remove {
			delete(u.ExpressionAttributeNames, name)
		}
	}
	u.UpdateExpression = &expression
	return u
}

// encodeEntry returns all attributes but the key; nil for what the entry has not.
func encodeEntry(e *message.Entry) map[string]types.AttributeValue {
	item := map[string]types.AttributeValue{attrRevision: number(e.Revision + 1)}
	var index Key
	if at, ok := e.Invited(); ok {
		index = AskedIndex(e.Invitation.Survey, at, e.ID)
	}
	for name, value := range map[string]string{
		attrScene: e.Scene, attrChannel: string(e.Channel), attrOccasion: e.Occasion, attrKind: string(e.Kind),
		attrData: string(e.Data), attrEntryState: string(e.State), attrGate: e.Gate, attrEntryReason: e.Reason,
		attrLocale: e.Locale, attrAttempt: e.Attempt, attrProvider: e.Provider, attrLink: e.Link,
		attrSurvey: e.Invitation.Survey, attrInvitation: e.Invitation.ID, attrCell: encodeCell(e.Invitation.Cell),
		attrIPK: index.PK, attrISK: index.SK, attrVariant: e.Variant, attrCame: e.Came, attrGiven: encodeGiven(e.Code), attrReserved: encodeReserved(e.Reserved),
	} {
		item[name] = nil
		if value != "" {
			item[name] = text(value)
		}
	}
	for name, n := range map[string]int64{attrStep: int64(e.Step), attrWorth: e.Worth} {
		item[name] = nil
		if n != 0 {
			item[name] = number(n)
		}
	}
	item[attrGoals] = nil
	if len(e.Goals) > 0 {
		item[attrGoals] = encodeGoals(e.Goals)
	}
	for name, at := range entryTimes(e) {
		item[name] = nil
		if !at.IsZero() {
			item[name] = &types.AttributeValueMemberN{Value: strconv.FormatInt(at.UnixMilli(), 10)}
		}
	}
	return item
}

// encodeCell returns the cell as JSON, "" for one of which nothing is known.
func encodeCell(c survey.Cell) string {
	if c == (survey.Cell{}) {
		return ""
	}
	raw, _ := json.Marshal(c) // strings alone: it cannot fail
	return string(raw)
}

func entryTimes(e *message.Entry) map[string]*time.Time {
	return map[string]*time.Time{
		attrCaused: &e.Caused, attrDecided: &e.Decided, attrDue: &e.Due, attrClaimed: &e.Claimed, attrTried: &e.Attempted,
		attrSent: &e.Sent, attrArrived: &e.Delivered, attrBounced: &e.Bounced, attrAccused: &e.Complained, attrRejected: &e.Rejected,
		attrOpened: &e.Opened, attrClicked: &e.Clicked, attrPrefetched: &e.Prefetched,
		attrLeft: &e.Unsubscribed, attrConverted: &e.Converted,
	}
}

func decodeEntry(id customer.ID, item map[string]types.AttributeValue) message.Entry {
	e := message.Entry{
		Customer: id,
		ID:       strings.TrimPrefix(textOf(item["sk"]), messagePrefix),
		Revision: numberOf(item[attrRevision]),
		Scene:    textOf(item[attrScene]),
		Step:     int(numberOf(item[attrStep])),
		Channel:  message.Channel(textOf(item[attrChannel])),
		Occasion: textOf(item[attrOccasion]),
		Kind:     signal.Kind(textOf(item[attrKind])),
		State:    message.State(textOf(item[attrEntryState])),
		Gate:     textOf(item[attrGate]),
		Reason:   textOf(item[attrEntryReason]),
		Locale:   textOf(item[attrLocale]),
		Attempt:  textOf(item[attrAttempt]),
		Provider: textOf(item[attrProvider]),
		Link:     textOf(item[attrLink]),
		Variant:  textOf(item[attrVariant]),
		Reserved: decodeReserved(textOf(item[attrReserved])),
		Came:     textOf(item[attrCame]),
		Worth:    numberOf(item[attrWorth]),
	}
	if given := textOf(item[attrGiven]); given != "" {
		_ = json.Unmarshal([]byte(given), &e.Code) // of a damaged one nothing is known
	}
	if goals, ok := item[attrGoals].(*types.AttributeValueMemberSS); ok {
		e.Goals = decodeGoals(goals.Value)
	}
	if data := textOf(item[attrData]); data != "" {
		e.Data = json.RawMessage(data)
	}
	e.Invitation = message.Invitation{Survey: textOf(item[attrSurvey]), ID: textOf(item[attrInvitation])}
	if cell := textOf(item[attrCell]); cell != "" {
		_ = json.Unmarshal([]byte(cell), &e.Invitation.Cell) // of a damaged one nothing is known
	}
	for name, at := range entryTimes(&e) {
		if v, ok := item[name]; ok {
			*at = time.UnixMilli(numberOf(v)).UTC()
		}
	}
	return e
}

func decodeContact(item map[string]types.AttributeValue) (message.Contact, error) {
	var c message.Contact
	if len(item) == 0 {
		return c, nil
	}
	if err := c.UnmarshalBinary(bytesOf(item[attrStamps])); err != nil {
		return c, err
	}
	c.Version = numberOf(item[attrVersion])
	return c, nil
}
