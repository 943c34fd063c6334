// Package chaos is the fault campaign: thousands of small worlds, each made from its seed, in
// which real runs (the engine with its real clients, the clouds' own SDKs among them) meet
// emulators of JumpServer, the five clouds and DingTalk and a state store. Any request of any of
// them may fail in any of the ways that faultKinds lists; between runs machines come and go,
// events are delivered, people edit assets one by one and in bulk, and change the configuration,
// rightly or wrongly. docs/invariants.md says what is a violation.
//
// It is all in the tests, because virtual time (testing/synctest) is only there: a time-out costs
// nothing, and a goroutine that outlives its run is found. make chaos builds and runs it as a
// command; TestChaos is a short campaign for every make test. What it has in common with the
// interleavings of core/reconcile is in core/engine/enginetest.
package chaos
