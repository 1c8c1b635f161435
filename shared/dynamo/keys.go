package dynamo

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
	"time"

	"liuke/shared/customer"
)

// Key is the primary key of an item in Records. This file alone spells the keys; every other names them.
type Key struct{ PK, SK string }

// The item families of Records. All of one customer's stand under one partition key.

// ProfileKey is a customer's traits and consent.
func ProfileKey(c customer.ID) Key { return Key{customerPK(c), "PROFILE"} }

// OrderKey is one order of a customer.
func OrderKey(c customer.ID, order string) Key { return Key{customerPK(c), orderPrefix + order} }

// ContactKey is what a customer was sent lately: the record that frequency caps are decided on.
func ContactKey(c customer.ID) Key { return Key{customerPK(c), "CONTACT"} }

// MessageKey is one entry of the ledger of messages.
func MessageKey(c customer.ID, entry string) Key { return Key{customerPK(c), messagePrefix + entry} }

// AnswerKey is the answer to one invitation; one by a public form, which names no customer, stands alone.
func AnswerKey(c customer.ID, survey, invitation string) Key {
	if c == "" {
		return Key{answerPrefix + survey + "#" + invitation, "ANSWER"}
	}
	return Key{customerPK(c), answerPrefix + survey + "#" + invitation}
}

// ConsentKey is what a customer said of consent at a time, by the event that it came with.
func ConsentKey(c customer.ID, at time.Time, event string) Key {
	sum := sha256.Sum256([]byte(event))
	return Key{customerPK(c), consentPrefix + timed(at) + "#" + base32Lower(sum[:10])}
}

// SurveyKey is a survey as operators have written it last; SurveyVersionKey is one of its versions.
func SurveyKey(survey string) Key { return Key{surveysPK, surveyPrefix + survey} }
func SurveyVersionKey(survey string, version int) Key {
	return Key{surveyPK(survey), fmt.Sprintf("%s%06d", versionPrefix, version)}
}

// RollupKey is what the answers to a survey of one hour, UTC, come to.
func RollupKey(survey string, hour time.Time) Key {
	return Key{surveyPK(survey), rollupPrefix + hour.UTC().Format(hourLayout)}
}

// MarkKey marks an hour of a survey whose rollup is out of date.
func MarkKey(survey string, hour time.Time) Key {
	return Key{marksPK, survey + "#" + hour.UTC().Format(hourLayout)}
}

// InvitationKey is an invitation that others send.
func InvitationKey(c customer.ID, survey, invitation string) Key {
	return Key{customerPK(c), "INVITATION#" + survey + "#" + invitation}
}

// AskedIndex are the keys in the index ByTime of an invitation that was sent at a time: a ledger entry, or one that others
// sent. The id is the entry's or the invitation's.
func AskedIndex(survey string, sent time.Time, id string) Key {
	return Key{askedIPK(survey, sent), timed(sent) + "#" + id}
}

// AnswersIndex are the keys in the index ByTime of an answer that was first given at a time.
func AnswersIndex(survey, invitation string, answered time.Time) Key {
	return Key{answersIPK(survey, answered), timed(answered) + "#" + invitation}
}

// TaskKey is what a person is asked to do about a customer, by the ledger's entry that asked for it.
func TaskKey(c customer.ID, entry string) Key { return Key{customerPK(c), taskPrefix + entry} }

// OpenTaskIndex and ClosedTaskIndex are the keys in the index ByTime of a task: one that is not closed by when it is due,
// and one that is by when that was.
func OpenTaskIndex(due time.Time, entry string) Key { return Key{openTasks, timed(due) + "#" + entry} }
func ClosedTaskIndex(closed time.Time, entry string) Key {
	return Key{closedTasksIPK(closed), timed(closed) + "#" + entry}
}

// SuppressionKey is an address that must not be sent to; the address itself is hashed, case folded.
func SuppressionKey(channel, address string) Key {
	sum := sha256.Sum256([]byte(channel + "\x00" + strings.ToLower(strings.TrimSpace(address))))
	return Key{"SUPPRESSED#" + base32Lower(sum[:20]), "SUPPRESSION"}
}

// SealKey is the key by which what a pseudonym's lines in the lake seal is opened. Deleting it erases the person there.
func SealKey(pseudonym string) Key { return Key{"SEAL#" + pseudonym, "KEY"} }

// AbsorbedKey notes that a customer absorbed another, whose records still stand under its own partition key.
func AbsorbedKey(survivor, absorbed customer.ID) Key {
	return Key{customerPK(survivor), absorbedPrefix + string(absorbed)}
}

// GroupKey is the traits of a group that customers belong to.
func GroupKey(group string) Key { return Key{"GROUP#" + group, "PROFILE"} }

// ErasedKey is the one thing that is left of an erased customer for good: the fact of it, under a hash of the id.
func ErasedKey(c customer.ID) Key {
	sum := sha256.Sum256([]byte("erased\x00" + string(c)))
	return Key{"ERASED#" + base32Lower(sum[:20]), "ERASED"}
}

// RunKey is the record of one recalculation.
func RunKey(run string) Key { return Key{"RUN#" + run, "RUN"} }

// RunDocumentsKey is the documents that stood when a recalculation was planned.
func RunDocumentsKey(run string) Key { return Key{"RUN#" + run, "DOCUMENTS"} }

// SliceKey is the progress of one slice of a recalculation's scan.
func SliceKey(run string, slice int) Key { return Key{"RUN#" + run, fmt.Sprintf("SLICE#%04d", slice)} }

// RunLeaseKey is the lease that lets one recalculation run at a time; CurrentRunKey names the last that was applied.
func RunLeaseKey() Key   { return Key{runsPK, "LEASE"} }
func CurrentRunKey() Key { return Key{runsPK, "CURRENT"} }

// RunListKey lists a run among all, by when it started.
func RunListKey(started time.Time, run string) Key {
	return Key{runsPK, runListPrefix + started.UTC().Format(runListLayout) + "#" + run}
}

// BacktestKey is the record of one backtest; BacktestListKey lists it among all, by the moment at which it started, which is
// its id.
func BacktestKey(id string) Key     { return Key{backtestPrefix + id, "BACKTEST"} }
func BacktestListKey(id string) Key { return Key{backtestsPK, backtestPrefix + id} }

// TestKey is what became of a message that an operator tested a scene with.
func TestKey(id string) Key { return Key{"TEST#" + id, "TEST"} }

// CampaignKey is the record of one run of a scene over all customers.
func CampaignKey(scene, id string) Key { return Key{campaignPrefix + scene, campaignRun + id} }

// LastCampaignKey names the run of a scene that an operator started last.
func LastCampaignKey(scene string) Key { return Key{campaignPrefix + scene, "LAST"} }

// FiledCampaignKey puts a run on file under the minute when it is to start; RecurrenceKey is how far a scene's schedule is.
func FiledCampaignKey(minute time.Time, scene, id string) Key {
	return Key{campaignsPK, filedPrefix + minute.UTC().Format(dueLayout) + "#" + scene + "#" + id}
}
func RecurrenceKey(scene string) Key { return Key{campaignsPK, recurrencePrefix + scene} }

const (
	campaignsPK      = "CAMPAIGNS"
	campaignPrefix   = "CAMPAIGN#"
	campaignRun      = "RUN#"
	filedPrefix      = "FILED#"
	recurrencePrefix = "RECURRENCE#"
)

// DocumentKey is a document that operators edit.
func DocumentKey(name string) Key { return Key{documentsPK, documentPrefix + name} }

// DocumentEditsKey counts the edits of all documents.
func DocumentEditsKey() Key { return Key{documentsPK, "EDITS"} }

// SceneDocumentKey is a scene, a block or a template as operators have written it last; SceneEditsKey counts the edits of all.
func SceneDocumentKey(name string) Key { return Key{scenesPK, documentPrefix + name} }
func SceneEditsKey() Key               { return Key{scenesPK, "EDITS"} }

// DueShards is over how many partitions deferred signals are spread.
const DueShards = 16

// DueKey is a signal that waits for its minute. All that is due in a shard is one range of its partition, so that a
// sweep after a pause of any length reads what waits, not the minutes that passed.
func DueKey(shard int, minute time.Time, id string) Key {
	return Key{duePK(shard), minute.UTC().Format(dueLayout) + "#" + id}
}

// dueThrough is the range of a shard's sort keys up to the minute and with it: [from, before).
func dueThrough(minute time.Time) (from, before string) {
	return "0", minute.UTC().Format(dueLayout) + "$" // the character behind "#"
}

// DueShard spreads ids over the shards.
func DueShard(id string) int {
	h := fnv.New32a()
	h.Write([]byte(id))
	return int(h.Sum32() % DueShards)
}

const (
	customerPrefix = "CUSTOMER#"
	orderPrefix    = "ORDER#"
	taskPrefix     = "TASK#"
	messagePrefix  = "MESSAGE#"
	answerPrefix   = "ANSWER#"
	absorbedPrefix = "ABSORBED#"
	consentPrefix  = "CONSENT#"
	surveysPK      = "SURVEYS"
	surveyPrefix   = "SURVEY#"
	versionPrefix  = "VERSION#"
	rollupPrefix   = "ROLLUP#"
	marksPK        = "ROLLUPS"
	answersPrefix  = "ANSWERS#"
	askedPrefix    = "ASKED#"
	openTasks      = "TASKS#open"
	hourLayout     = "2006-01-02T15"
	dueLayout      = "2006-01-02T15:04"
	runsPK         = "RUNS"
	runListPrefix  = "RUN#"
	backtestsPK    = "BACKTESTS"
	backtestPrefix = "BACKTEST#"
	documentsPK    = "DOCUMENTS"
	documentPrefix = "DOCUMENT#"
	scenesPK       = "SCENES"
	runListLayout  = "2006-01-02T15:04:05.000Z"
)

func customerPK(c customer.ID) string { return customerPrefix + string(c) }
func surveyPK(survey string) string   { return surveyPrefix + survey }
func duePK(shard int) string          { return fmt.Sprintf("DUE#%02d", shard) }

func answersIPK(survey string, at time.Time) string {
	return answersPrefix + survey + "#" + at.UTC().Format(hourLayout)
}

func askedIPK(survey string, at time.Time) string {
	return askedPrefix + survey + "#" + at.UTC().Format(hourLayout)
}

// timeOfIndex reads the time that a sort key of the index begins with.
func timeOfIndex(isk string) (time.Time, bool) {
	digits, _, _ := strings.Cut(isk, "#")
	ms, err := strconv.ParseInt(digits, 10, 64)
	return time.UnixMilli(ms).UTC(), err == nil
}

func closedTasksIPK(month time.Time) string { return "TASKS#done#" + month.UTC().Format("2006-01") }

// timed spells a time so that text sorts as times do, to the millisecond.
func timed(at time.Time) string { return fmt.Sprintf("%014d", at.UnixMilli()) }

func base32Lower(b []byte) string {
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b))
}
