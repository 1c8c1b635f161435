// Package clients shows that tracking libraries which shops use already, each as its makers publish it, deliver to the
// suite exactly: its test starts a suite, puts a proxy before it that breaks requests in every way a network and a busy
// service do, lets each library send its share of 10,000 events through that, and compares the customers' totals with
// what was sent. The programs around the libraries stand in testdata/clients.
//
// The test installs the libraries by itself, from the lock files there. It depends on no timing: the libraries repeat
// what failed, and it waits for the suite to have nothing left to do.
package clients
