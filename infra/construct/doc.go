// Package construct holds the pieces that the stacks are made of, one a file. Each decides once what every instance must
// have (encryption by the suite's key, TLS alone, dead letters with fourteen days and an alarm, logs with retention, roles
// with exactly the actions that the code calls), so that a stack only says what differs.
//
// Each constructor opens a scope of its own under the parent and hangs its children there. No construct gives its
// resources physical names. Ids never change: CloudFormation replaces what is renamed.
package construct
