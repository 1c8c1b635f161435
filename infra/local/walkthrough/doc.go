// Package walkthrough shows that the README's walk through a survey leads where the README says: its test starts a suite,
// sends it the very requests that stand in the section "Asking customers", opens the mails and the forms that come of them
// on a phone's screen in a real browser without scripts, taps, types and sends, and looks at what the operators see then.
// It talks to the suite by HTTP alone, but to wait for it.
//
// With -update it takes the README's pictures anew; without, they are kept as artifacts of the test. It depends on no
// timing: it waits for the suite to have nothing left to do.
package walkthrough
