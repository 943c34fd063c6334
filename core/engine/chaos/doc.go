// Package chaos is the fault campaign: thousands of small worlds, each made from its seed, in
// which real runs (the engine with its real clients, the clouds' own SDKs among them) meet
// emulators of JumpServer, Alibaba Cloud, Tencent Cloud and DingTalk and a state store, and any
// request of any of them may fail in any of the ways that Kinds lists.
//
// It is all in the tests, because virtual time (testing/synctest) is only there: a time-out costs
// nothing, and a goroutine that outlives its run is found. make chaos builds and runs it as a
// command; TestChaos is a short campaign for every make test.
package chaos
