// Package access says who gains and who loses hosts by a run: JumpServer gives people hosts by access rules (资产授权) on
// nodes, so an asset that enters or leaves a node changes what people reach. It promises to ask once a node (of many nodes:
// for all rules at once) and once a rule, never once a host; to be bounded in calls and time; and to change nothing: what it
// cannot find out it says, and a run goes as it would without it.
//
// A host is reached while it is active. By its nodes it is reached by the users of every rule that counts now on one of
// them or on an ancestor; a node that does not exist yet has the rules of its nearest ancestor that does. Somebody gains a
// host who reaches it afterwards and did not before, and loses it the other way round: who reaches it by both its old and
// its new node neither gains nor loses. Rules that name a host itself are not asked for: they go with the host wherever it
// moves, so who loses a host here may still have it by one. A rule without accounts shows a host and lets nobody log in: it
// does not count.
package access
