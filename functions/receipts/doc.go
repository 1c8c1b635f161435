// Command receipts books what the provider says became of each message: SES publishes its events to a topic, and the
// topic feeds the receipts queue. Deliveries, bounces and complaints go into the ledger and settle what was unknown; a
// permanent bounce or a complaint also suppresses the address, at once and for every scene.
//
// Events may come in any order and any number of times. The suppression is written before the entry. An event of a
// message that is not the suite's, or whose customer was erased, is acknowledged and counted.
package main
