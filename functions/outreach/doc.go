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
// A message that is sent costs 7 write units in all: the claim 4 (a transaction over two items), the steps to sending
// and to sent, and the delivery's receipt. A held one costs 1. A deferral costs 3 more: the due item, the entry, and
// taking the item off. A reminder on file costs 2, and the message that it becomes what any does; an invitation costs dispatch 1
// more, for the index by which it is counted. The decision and the send read 6 units each: the customer's item, the note of its erasure, the
// profile, the contact record, the entry and the suppression of the address.
//
// A scene of the channel task queues nothing: its entry ends with the task that it makes, in one transaction, 6 write units
// with the alarm that is filed before (8 where the scene has limits, which the contact record counts). When the alarm comes
// due, a task that nobody has closed is escalated, and the next alarm filed while the settings "tasks" leave levels; each
// escalation counts in the metric TasksEscalated. An alarm that comes late or twice, or whose task was closed, moved or
// erased, changes nothing.
package main
