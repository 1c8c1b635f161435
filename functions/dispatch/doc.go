// Command dispatch sends what outreach has claimed. Before each message it looks again at consent and suppression, and whether
// the goal of the message's journey has been met meanwhile, as when a cart was ordered while its reminder waited. Then it steps
// the ledger entry from claimed to sending on condition that nobody else has, and only then calls the provider.
//
// Consent is that of the person that the customer has become part of, if it was absorbed since the claim. A message of an
// erased customer is acknowledged and counted, and never sent.
//
// A message that asks to a survey gets the customer's own link, sealed with the invitation and the cell that it is counted in,
// and one with each answer chosen. The hour of an invitation is marked to be counted before it is sent, and listed in the index
// with the step to sent. A survey that was closed meanwhile, or answered, holds what asks to it, or reminds of it.
//
// What was claimed and then definitely not sent, as it is held or failed here or the provider says no for good, counts no more: it
// is taken off the contact record that frequency caps and the waits of surveys go by, in the transaction of the step that says so.
// Where the record moves each time, the step is written without it.
//
// Links of a mail lead through the page behind /r/, which counts that they were followed and redirects to the address that is
// sealed in the link. Such are only those whose scheme and host an operator has written, in the words of the scene, its templates
// and its blocks or as the brand's shop: what customers say of themselves, and events of them, may hold an address, which stays as
// it is and is not counted, so that nobody has the business's own host redirect to a place of theirs.
//
// Where a scene's codes are a webhook's, it is asked for one before the message is made, by an id that is the journey's own, and the
// code is written with the step to sending: a sender that is lost before leaves nothing behind but a question, which is asked again
// and answered alike; one that is lost later leaves the code on the entry. Who has none to give holds the message, and who does not
// answer has it wait; a message that goes back to claimed keeps its code.
//
// No message is sent twice: an entry that is sending belongs to the one that stepped it there, whatever becomes of
// that one. Found sending past the longest time that a sender can live, it becomes unknown, and receipts settle it. A
// definite "later" of the provider puts the entry back to claimed and its message back on the queue; a definite "no"
// makes it failed; what concerns every message alike (no permission, account paused) puts it back and lets the queue
// message go to the dead letters, where an alarm calls a person and a redrive sends it after all.
package main
