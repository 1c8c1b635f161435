// Package walkthrough shows that the README's walks through a survey and a scene lead where the README says: its tests start a
// suite, send it the very requests that stand in the sections "Asking customers" and "Reaching out", open the mails and the forms
// that come of a survey on a phone's screen in a real browser without scripts, tap, type and send, and look at what the operators
// see then.
// It talks to the suite by HTTP alone, but to wait for it.
//
// With -update it takes the README's pictures anew; without, they are kept as artifacts of the test. It depends on no
// timing: it waits for the suite to have nothing left to do.
package walkthrough
