package dynamo

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"liuke/shared/campaign"
	"liuke/shared/fault"
	"liuke/shared/recalc"
)

// The attributes of a campaign's record beside those of every job, and of the items that start campaigns by the clock.
const (
	attrCampaignCounts = "counts"
	attrCron           = "cron"
	attrSeenTo         = "seen_to"
)

// filedPage is how many runs on file are read in one call.
const filedPage = 25

// BeginCampaign writes a run's record, and where it is filed puts it on file: 1 write unit, or 4. It returns a Conflict where
// there is one of that scene and id.
func (s *Store) BeginCampaign(ctx context.Context, r *campaign.Record) (err error) {
	defer fault.Wrap(&err, "begin campaign %s", r.Name())
	puts, err := s.beginning(r)
	if err != nil {
		return err
	}
	if len(puts) > 1 {
		return s.transact(ctx, puts)
	}
	out, err := s.db().PutItem(ctx, &dynamodb.PutItemInput{
		TableName: &s.records, Item: puts[0].Put.Item, ConditionExpression: puts[0].Put.ConditionExpression,
		ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal,
	})
	if err != nil {
		return classify(err)
	}
	countWrite(ctx, one(out.ConsumedCapacity)...)
	return nil
}

// BeginNextCampaign does what BeginCampaign does, and makes the run the one that an operator started last of the scene: 4 write
// units, or 6. It returns a Conflict, too, where that is not the one named any more.
func (s *Store) BeginNextCampaign(ctx context.Context, r *campaign.Record, last string) (err error) {
	defer fault.Wrap(&err, "begin campaign %s", r.Name())
	puts, err := s.beginning(r)
	if err != nil {
		return err
	}
	item := attributes(LastCampaignKey(r.Scene))
	item[attrRun] = text(r.ID)
	put := &types.Put{TableName: &s.records, Item: item, ConditionExpression: aws.String("attribute_not_exists(pk)")}
	if last != "" {
		put.ConditionExpression = aws.String("#run = :last")
		put.ExpressionAttributeNames = map[string]string{"#run": attrRun}
		put.ExpressionAttributeValues = map[string]types.AttributeValue{":last": text(last)}
	}
	return s.transact(ctx, append(puts, types.TransactWriteItem{Put: put}))
}

// beginning is what is written of a run that begins: its record first.
func (s *Store) beginning(r *campaign.Record) ([]types.TransactWriteItem, error) {
	record, err := encodeJob(CampaignKey(r.Scene, r.ID), &r.Job, r.Terms)
	if err != nil {
		return nil, err
	}
	puts := []types.TransactWriteItem{{Put: &types.Put{TableName: &s.records, Item: record, ConditionExpression: aws.String("attribute_not_exists(pk)")}}}
	if r.State == campaign.Filed {
		filed := attributes(FiledCampaignKey(r.Filing().At, r.Scene, r.ID))
		filed[attrExpires] = record[attrExpires]
		puts = append(puts, types.TransactWriteItem{Put: &types.Put{TableName: &s.records, Item: filed}})
	}
	return puts, nil
}

// LastCampaign names the run of a scene that an operator started last, strongly consistent; "" for none.
func (s *Store) LastCampaign(ctx context.Context, scene string) (id string, err error) {
	defer fault.Wrap(&err, "read the last campaign of %s", scene)
	item, err := s.getRecord(ctx, LastCampaignKey(scene))
	return textOf(item[attrRun]), err
}

// Campaign reads a run's record, strongly consistent; NotFound where there is none.
func (s *Store) Campaign(ctx context.Context, scene, id string) (r *campaign.Record, err error) {
	defer fault.Wrap(&err, "read campaign")
	item, err := s.getRecord(ctx, CampaignKey(scene, id))
	if err != nil {
		return nil, err
	}
	if len(item) == 0 {
		return nil, fault.New(fault.NotFound, "there is no such run of the scene, or not any more")
	}
	return decodeCampaign(scene, item)
}

func decodeCampaign(scene string, item map[string]types.AttributeValue) (r *campaign.Record, err error) {
	r = &campaign.Record{Scene: scene}
	if r.Job, err = decodeJob(strings.TrimPrefix(textOf(item["sk"]), campaignRun), item, &r.Terms); err != nil {
		return nil, err
	}
	if raw := textOf(item[attrCampaignCounts]); raw != "" {
		if err := json.Unmarshal([]byte(raw), &r.Counts); err != nil {
			return nil, fault.As(err, fault.Internal, "the counts of a campaign are damaged")
		}
	}
	return r, nil
}

// Campaigns reads the records of the latest runs of a scene, newest first, at most limit.
func (s *Store) Campaigns(ctx context.Context, scene string, limit int) (all []*campaign.Record, err error) {
	defer fault.Wrap(&err, "list campaigns of %s", scene)
	list := s.family(campaignPrefix+scene, campaignRun)
	list.ScanIndexForward, list.Limit = aws.Bool(false), aws.Int32(int32(limit))
	out, err := s.db().Query(ctx, list)
	if err != nil {
		return nil, classify(err)
	}
	countRead(ctx, one(out.ConsumedCapacity)...)
	for _, item := range out.Items {
		r, err := decodeCampaign(scene, item)
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, nil
}

// StartCampaign makes a run that is filed one that is under way over a recalculation's snapshot. It returns a Conflict where
// it is not filed.
func (s *Store) StartCampaign(ctx context.Context, scene, id, run string, at time.Time) (err error) {
	defer fault.Wrap(&err, "start campaign %s/%s", scene, id)
	u := newUpdate()
	u.set(attrState, text(string(recalc.Running)))
	u.set(attrRun, text(run))
	u.set(attrUpdated, number(at.UnixMilli()))
	u.values[":filed"] = text(string(campaign.Filed))
	_, err = s.updateRecord(ctx, CampaignKey(scene, id), u, "#state = :filed")
	return err
}

// AdvanceCampaign notes how far a run is that is under way. One that is as far already, or has ended, it lets be.
func (s *Store) AdvanceCampaign(ctx context.Context, r *campaign.Record, at time.Time) (err error) {
	defer fault.Wrap(&err, "advance campaign %s", r.Name())
	u, err := s.counting(r, at)
	if err != nil {
		return err
	}
	return s.advanceJob(ctx, CampaignKey(r.Scene, r.ID), u)
}

// FinishCampaign notes that a run is done. One that has ended already it lets be.
func (s *Store) FinishCampaign(ctx context.Context, r *campaign.Record, at time.Time) (err error) {
	defer fault.Wrap(&err, "finish campaign %s", r.Name())
	u, err := s.counting(r, at)
	if err != nil {
		return err
	}
	return s.finishJob(ctx, CampaignKey(r.Scene, r.ID), u, at)
}

// counting notes how far a run is, with what it counted.
func (s *Store) counting(r *campaign.Record, at time.Time) (*update, error) {
	raw, err := json.Marshal(r.Counts)
	if err != nil {
		return nil, fault.As(err, fault.Internal, "the counts cannot be encoded")
	}
	u := advancing(r.Step, r.Steps, at)
	u.set(attrCampaignCounts, text(string(raw)))
	return u, nil
}

// FailCampaign marks a run that is filed or under way as failed and lets any other be.
func (s *Store) FailCampaign(ctx context.Context, scene, id, reason string, at time.Time) (err error) {
	defer fault.Wrap(&err, "fail campaign %s/%s", scene, id)
	return let(s.end(ctx, scene, id, recalc.Failed, reason, at, campaign.Filed))
}

// CancelCampaign marks a run that is filed, under way or done as cancelled, and returns it as it is then: of what outreach was told
// by one that is done, something may still wait. It returns a Conflict where it has failed, or was cancelled already.
func (s *Store) CancelCampaign(ctx context.Context, scene, id string, at time.Time) (r *campaign.Record, err error) {
	defer fault.Wrap(&err, "cancel campaign %s/%s", scene, id)
	item, err := s.end(ctx, scene, id, campaign.Cancelled, "an operator cancelled it", at, campaign.Filed, recalc.Done)
	if err != nil {
		return nil, err
	}
	return decodeCampaign(scene, item)
}

// end marks a run that is under way, or in another of some states, as ended.
func (s *Store) end(ctx context.Context, scene, id string, state recalc.State, reason string, at time.Time, from ...recalc.State) (map[string]types.AttributeValue, error) {
	u := newUpdate()
	u.set(attrReason, text(reason))
	u.set(attrFinished, number(at.UnixMilli()))
	u.setState(state)
	condition := ifRunning
	for _, f := range from {
		u.values[":"+string(f)] = text(string(f))
		condition += " OR #state = :" + string(f)
	}
	return s.updateRecord(ctx, CampaignKey(scene, id), u, "("+condition+")")
}

// FiledCampaigns reads the runs that are on file for now or before, earliest first, strongly consistent: as many as one call
// returns.
func (s *Store) FiledCampaigns(ctx context.Context, now time.Time) (all []campaign.Filing, err error) {
	defer fault.Wrap(&err, "read the campaigns on file")
	_, before := dueThrough(now)
	out, err := s.db().Query(ctx, &dynamodb.QueryInput{
		TableName:              &s.records,
		KeyConditionExpression: aws.String("pk = :pk AND sk BETWEEN :from AND :before"),
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":pk": text(campaignsPK), ":from": text(filedPrefix), ":before": text(filedPrefix + before),
		},
		Limit:                  aws.Int32(filedPage),
		ConsistentRead:         aws.Bool(true),
		ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal,
	})
	if err != nil {
		return nil, classify(err)
	}
	countRead(ctx, one(out.ConsumedCapacity)...)
	for _, item := range out.Items {
		parts := strings.SplitN(textOf(item["sk"]), "#", 4)
		if len(parts) < 4 {
			return nil, fault.New(fault.Internal, "a campaign on file is damaged")
		}
		at, err := time.Parse(dueLayout, parts[1])
		if err != nil {
			return nil, fault.As(err, fault.Internal, "a campaign on file is damaged")
		}
		all = append(all, campaign.Filing{At: at, Scene: parts[2], ID: parts[3]})
	}
	return all, nil
}

// UnfileCampaign takes a run off the file, one write unit.
func (s *Store) UnfileCampaign(ctx context.Context, f campaign.Filing) error {
	return s.DeleteDue(ctx, FiledCampaignKey(f.At, f.Scene, f.ID))
}

// Recurrences reads how far the schedules of scenes are, by scene, strongly consistent.
func (s *Store) Recurrences(ctx context.Context) (all map[string]campaign.Recurrence, err error) {
	defer fault.Wrap(&err, "read how far schedules are")
	all = map[string]campaign.Recurrence{}
	err = s.pages(ctx, s.family(campaignsPK, recurrencePrefix), func(items []map[string]types.AttributeValue) error {
		for _, item := range items {
			scene := strings.TrimPrefix(textOf(item["sk"]), recurrencePrefix)
			all[scene] = campaign.Recurrence{Cron: textOf(item[attrCron]), At: millis(item[attrSeenTo])}
		}
		return nil
	})
	return all, err
}

// PutRecurrence notes how far the schedule of a scene is, one write unit. It returns a Conflict where it is further already.
func (s *Store) PutRecurrence(ctx context.Context, scene string, r campaign.Recurrence) (err error) {
	defer fault.Wrap(&err, "note how far the schedule of %s is", scene)
	u := newUpdate()
	u.set(attrCron, text(r.Cron))
	u.set(attrSeenTo, number(r.At.UnixMilli()))
	_, err = s.updateRecord(ctx, RecurrenceKey(scene), u, "attribute_not_exists(#cron) OR #cron <> :cron OR #seen_to < :seen_to")
	return err
}
