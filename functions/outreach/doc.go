// Command outreach answers signals with messages: it finds the scenes that a signal sets off, asks the gates, claims an
// entry of the ledger and queues the message for dispatch. Every minute it sends on what has come due.
//
// The claim is durable before the message is queued. A signal that is delivered again finds its own entry: one still
// claimed is queued again (dispatch lets one through), any other is left alone. Two signals at once cannot both pass
// a cap, because the claim moves the contact record that the cap was decided on.
//
// A signal of an erased customer is dropped, one that has waited for its minute as well. A customer that was absorbed by
// another since its signal was made keeps its own entries, so that the signal finds them again; but profile, scores and
// caps are those of the person that it has become part of. A message that is claimed under the absorbed id in the very
// moment of the merge does not count against the person's caps: that is one message at most.
//
// A scene may ask to a survey: the claim fixes the invitation and the cell that it is counted in, and notes in the contact
// record that the customer was asked, so that two occasions at once cannot both ask. Reminders are further steps of the same
// occasion. The next one is put on file before the claim; when it comes due the gates are asked again, first of all whether
// the invitation went out and has been answered.
//
// A scene may have further steps. The next one is put on file under its minute before the step is claimed or held which it
// follows, and when it comes due, it is decided only where the journey stands there: that is read from the entries of the steps
// before it, so that what is on file twice, or was put there by a try that failed, has no effect. A step that waits is decided
// at once when its event comes, which finds the journey by the contact record; an event that happened before the wait began is
// none that came, and one wakes a journey once. A hold by audience, entry, holdout or goal ends a journey; whoever could not be
// reached by one step may be by the next. What was claimed before the goal was met, and not sent, dispatch holds. An edit that moves a scene's steps
// ends the journeys that stand where another step is now.
//
// Goals are booked before the scenes that the same signal sets off: on the last entering of the scene before it, once by the
// signal's id, also of those who were held out. The record remembers the last two enterings of a scene: a signal that comes so
// late that the customer has entered twice more since is booked on neither. What becomes of an order later, by edits, refunds or
// its cancellation, corrects what is booked of it, whichever is heard first: the signal that knows most changes of the order
// stands. An order that was cancelled or given back whole meets no goal any more, though the journey that it has ended stays so.
// Where the record has forgotten the entering, it is found by the customer's enrolment, for that is what results are counted by.
//
// Each batch that claims puts its claims on file before it queues them. Twenty minutes on, and then ever more rarely for some
// two days, those that are still claimed or sending are queued again (counted as ClaimsFound): dispatch lets one message
// through, gives up what is too old, and says of a sender that was lost that nobody knows. So nothing stays claimed for good,
// wherever messages end.
//
// A message that is sent costs 7 write units in all: the claim 4 (a transaction over two items), the steps to sending
// and to sent, and the delivery's receipt. A held one costs 1. A deferral costs 3 more: the due item, the entry, and
// taking the item off. A reminder, a further step or a delay on file costs 2, and the message that it becomes what any does; an
// invitation costs dispatch 1 more, for the index by which it is counted. Whoever enters a scene that is remembered without a
// claim costs 1 more, for the contact record, and a scene that is entered once for good 1; a goal met is 1. A batch that claims
// costs 2 more, whatever it claims, for each KB begun of its claims' names. The decision and the send read 6 units each: the customer's item, the note of its erasure, the
// profile, the contact record, the entry and the suppression of the address; a later step reads the entries before it too, and
// what may meet a goal or be waited for the dossier of 4 and the entries that it may bear on.
//
// A scene of the channel task queues nothing: its entry ends with the task that it makes, in one transaction, 6 write units
// with the alarm that is filed before (8 where the scene has limits, which the contact record counts). When the alarm comes
// due, a task that nobody has closed is escalated, and the next alarm filed while the settings "tasks" leave levels; each
// escalation counts in the metric TasksEscalated. An alarm that comes late or twice, or whose task was closed, moved or
// erased, changes nothing.
package main
