// Command outreach answers signals with messages: it finds the scenes that a signal sets off, asks the gates, claims an
// entry of the ledger and queues the message for dispatch. Every minute it sends on what has come due.
//
// The claim is durable before the message is queued. A signal that is delivered again finds its own entry: one still
// claimed is queued again (dispatch lets one through), any other is left alone. Two signals at once cannot both pass
// a cap, because the claim moves the contact record that the cap was decided on.
//
// A message that is sent costs 7 write units in all: the claim 4 (a transaction over two items), the steps to sending
// and to sent, and the delivery's receipt. A held one costs 1. A deferral costs 3 more: the due item, the entry, and
// taking the item off.
package main
