// Command receipts books what providers say became of each message: SES and AWS End User Messaging publish their events to
// a topic, and the topic feeds the receipts queue. Deliveries, bounces and complaints go into the ledger and settle what was
// unknown; a permanent bounce, a complaint, or a number that takes no SMS also suppresses the address, at once and for every
// scene. That a mail was opened is noted and settles nothing: mail programs fetch pictures unseen.
//
// Where a receipt is what tells that an invitation to a survey was sent after all, or was not, the hour in which it counts is
// marked first, so that it is counted anew.
//
// A customer's own SMS comes the same way. STOP and its like suppress the number at once, START takes that back, and where the
// message is known that it answers, the customer's consent is withdrawn or given by an event. The topic's envelope tells when it was
// published and the service's id which one it is, so that the word said last counts, in whatever order and however often they come;
// of two of one moment, the one that asks for silence. HELP is left to AWS, or to who takes the answering upon himself.
//
// Events may come in any order and any number of times. The suppression is written before the entry. An event of a
// message that is not the suite's is acknowledged and counted. So is one whose entry is gone because its customer was
// erased: an entry is only ever written from the revision that was read, so that no receipt brings one back. What a
// bounce or a complaint leaves even then is the hash of the address, so that it is not written to under another id.
package main
