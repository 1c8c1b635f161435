package dynamo

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/fold"
	"liuke/shared/message"
	"liuke/shared/order"
)

// batchKeys is how many items DynamoDB reads in one BatchGetItem.
const batchKeys = 100

// maxRounds bounds how far an absorbed customer's way is followed. Folding shortens a way to one hop, so that a longer
// one than a few is not met.
const maxRounds = 64

// wanted is one item to read: a key of either table, and whose it is.
type wanted struct {
	want  int // index into the wants
	table string
	key   map[string]types.AttributeValue
	name  string // tells the item among all others of the call
	take  func(item map[string]types.AttributeValue, s *fold.State) error
}

// Load reads what is wanted, strongly consistent, 100 items a call. A customer that stands for itself takes one round of
// calls; one that is not known, that was absorbed, or that absorbed orders takes another, and each further hop on the
// way to who absorbed it one more. Each want has a state and an error of its own: a call that fails fails the wants that
// it had items of, a damaged item fails its own want.
func (s *Store) Load(ctx context.Context, wants []fold.Want) ([]fold.State, []error) {
	states, errs := make([]fold.State, len(wants)), make([]error, len(wants))
	loads := make([]loading, len(wants))
	var all []wanted
	for i := range wants {
		loads[i] = loading{store: s, i: i, want: &wants[i], at: wants[i].Customer}
		all = append(all, loads[i].first(&states[i])...)
	}
	for round := 0; len(all) > 0; round++ {
		s.round(ctx, all, states, errs)
		all = nil
		for i := range wants {
			if errs[i] == nil && round == maxRounds {
				errs[i] = fault.New(fault.Internal, "the way to who absorbed the customer does not end")
			}
			if errs[i] == nil {
				all = append(all, loads[i].next(&states[i])...)
			}
		}
	}
	return states, errs
}

// round reads items and hands them to their states.
func (s *Store) round(ctx context.Context, all []wanted, states []fold.State, errs []error) {
	for len(all) > 0 {
		n := min(len(all), batchKeys)
		items, err := s.batchGet(ctx, all[:n])
		for _, w := range all[:n] {
			if item := items[w.name]; err == nil && item != nil {
				if bad := w.take(item, &states[w.want]); bad != nil {
					errs[w.want] = bad
				}
			} else if err != nil {
				errs[w.want] = err
			}
		}
		all = all[n:]
	}
}

// loading is the reading of one want.
type loading struct {
	store *Store
	i     int
	want  *fold.Want
	at    customer.ID // the item that the way has come to
	found bool        // whether it exists
	phase phase
}

// phase says what the round that was just made has read.
type phase int

const (
	following phase = iota // the item at the way's end so far, and what is wanted under its id
	burying                // whether the customer without an item was erased
	complete
)

// first asks for the customer's own item and what is wanted under its id, as if it stood for itself.
func (l *loading) first(s *fold.State) []wanted {
	out := l.follow(s)
	for _, id := range l.want.Others {
		out = append(out, l.store.wantedCustomer(l.i, id, func(rec customer.Record, s *fold.State) {
			if s.Others == nil {
				s.Others = map[customer.ID]customer.Record{}
			}
			s.Others[id] = rec
		}))
	}
	return out
}

// follow asks for the item that the way leads to and for what is wanted under its id.
func (l *loading) follow(s *fold.State) []wanted {
	l.found, l.phase = false, following
	s.Customer, s.Profile = customer.Record{ID: l.at}, customer.Profile{}
	s.Contact = message.Contact{}
	s.Orders = make(map[string]order.Record, len(l.want.Orders))
	out := []wanted{l.store.wantedCustomer(l.i, l.at, func(rec customer.Record, s *fold.State) {
		s.Customer, l.found = rec, true
	})}
	if l.want.Profile {
		out = append(out, l.store.wantedRecord(l.i, ProfileKey(l.at), func(item map[string]types.AttributeValue, s *fold.State) (err error) {
			s.Profile, err = decodeProfile(item)
			return err
		}))
	}
	if l.want.Contact {
		out = append(out, l.store.wantedRecord(l.i, ContactKey(l.at), func(item map[string]types.AttributeValue, s *fold.State) (err error) {
			s.Contact, err = decodeContact(item)
			return err
		}))
	}
	for _, id := range l.want.Orders {
		out = append(out, l.store.wantedRecord(l.i, OrderKey(l.at, id), func(item map[string]types.AttributeValue, s *fold.State) (err error) {
			s.Orders[id], err = decodeOrder(item)
			return err
		}))
	}
	return out
}

// next says what is to be read after a round; nothing where the state is complete.
func (l *loading) next(s *fold.State) []wanted {
	rec := &s.Customer
	switch {
	case l.phase != following:
		return nil
	case !l.found:
		l.phase = burying
		return []wanted{l.store.wantedRecord(l.i, ErasedKey(l.at), func(_ map[string]types.AttributeValue, s *fold.State) error {
			*s = fold.State{Erased: true}
			return nil
		})}
	case rec.Erased != 0:
		l.phase = complete
		*s = fold.State{Erased: true}
		return nil
	case rec.Into != "":
		return l.hop(s)
	}
	l.phase = complete
	return l.kept(s)
}

// hop goes on to who absorbed the item, and asks for those between as well: they remember events.
func (l *loading) hop(s *fold.State) (out []wanted) {
	rec := s.Customer
	s.Path = append(s.Path, rec)
	s.Hops++
	l.at = rec.Into
	for _, id := range rec.Via {
		out = append(out, l.store.wantedCustomer(l.i, id, func(via customer.Record, s *fold.State) {
			s.Path = append(s.Path, via)
		}))
	}
	return append(l.follow(s), out...)
}

// kept asks for the records of the wanted orders under those whom the customer absorbed.
func (l *loading) kept(s *fold.State) (out []wanted) {
	for _, absorbed := range s.Customer.Absorbed {
		for _, id := range l.want.Orders {
			out = append(out, l.store.wantedRecord(l.i, OrderKey(absorbed, id), func(item map[string]types.AttributeValue, s *fold.State) error {
				o, err := decodeOrder(item)
				if s.Kept == nil {
					s.Kept = map[string][]order.Record{}
				}
				s.Kept[id] = append(s.Kept[id], o)
				return err
			}))
		}
	}
	return out
}

func (s *Store) wantedCustomer(i int, id customer.ID, take func(customer.Record, *fold.State)) wanted {
	return wanted{
		want: i, table: s.customers, key: customerKey(id), name: string(id),
		take: func(item map[string]types.AttributeValue, s *fold.State) error {
			rec, err := decodeCustomer(item)
			if err == nil {
				take(rec, s)
			}
			return err
		},
	}
}

func (s *Store) wantedRecord(i int, k Key, take func(map[string]types.AttributeValue, *fold.State) error) wanted {
	return wanted{want: i, table: s.records, key: attributes(k), name: k.PK + "\x00" + k.SK, take: take}
}

// batchGet reads up to 100 items of both tables, strongly consistent, and returns those that exist by name; an item that is asked for twice is
// read once. What a call leaves unread is read again as long as there is progress; then it is Throttled.
func (s *Store) batchGet(ctx context.Context, list []wanted) (map[string]map[string]types.AttributeValue, error) {
	return s.batchGetAs(ctx, list, true)
}

// batchGetAs is batchGet, strongly consistent or, for half the units, eventually.
func (s *Store) batchGetAs(ctx context.Context, list []wanted, consistent bool) (map[string]map[string]types.AttributeValue, error) {
	request := map[string]types.KeysAndAttributes{}
	asked := make(map[string]bool, len(list))
	for _, w := range list {
		if asked[w.name] {
			continue
		}
		asked[w.name] = true
		r := request[w.table]
		r.ConsistentRead = &consistent
		r.Keys = append(r.Keys, w.key)
		request[w.table] = r
	}
	items := make(map[string]map[string]types.AttributeValue, len(list))
	for len(request) > 0 {
		out, err := s.db().BatchGetItem(ctx, &dynamodb.BatchGetItemInput{
			RequestItems:           request,
			ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal,
		})
		if err != nil {
			return nil, classify(err)
		}
		countRead(ctx, out.ConsumedCapacity...)
		progress := false
		for table, found := range out.Responses {
			for _, item := range found {
				progress = true
				if table == s.customers {
					items[textOf(item[attrID])] = item
				} else {
					items[textOf(item["pk"])+"\x00"+textOf(item["sk"])] = item
				}
			}
		}
		if request = out.UnprocessedKeys; len(request) > 0 && !progress {
			return nil, fault.New(fault.Throttled, "the table asks for a slower pace")
		}
	}
	return items, nil
}
