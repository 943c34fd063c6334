// Package state keeps between runs what saves work: the fingerprint of what was last applied in
// each scope, digests of its instances, the lease of the run that works now, the reports that wait
// for their window or for the other parts of their run, what these parts want to remove, and the
// history of runs; and what runs were about to remove until people were told of it. It lies in a storage.Bucket under a prefix.
//
// All of it belongs to one organisation of one JumpServer, and lies in a folder that only that one reads (see
// Store.ForInstallation): two that share a store share nothing. State is never read across that border, so that what was
// approved for one, or seen by one to be gone, is not taken for the other's. What lies at the top of the prefix
// in an older form (scopes/, held/, approvals/, …) is read by nobody.
//
// State is never evidence for a removal; that an account's key was another cloud account's is one against it. Approvals are a person's order: they lift thresholds, each removal is proved all
// the same, and what cannot be read approves nothing. What people announce is such an
// order, too, and is counted before it is used. A pause is one as well: it only
// keeps from writing, and what cannot be read counts as one of removals. What runs were about to remove decides only what people are told. Ids of nodes say where new hosts go, and JumpServer says whether
// they exist; where nothing is known of a path, the node at the path is taken or made, and told. All else holds no instance and no asset, and a digest that no instance of a
// listing has any more only makes a run read everything; the worst that wrong state can do is to have a change noticed by the next full
// reconcile (sync.full_every) rather than by this run. What is missing, damaged, too large or of a later
// schema is "nothing known", and a warning beside it. No failure here ends a run: callers log it
// and take the full path.
//
// # Objects
//
//	places/<server>-<organisation>-<hash>.json  one per folder below: whose it is, and when it was used last
//
// and below servers/<server>-<organisation>-<hash>/:
//
//	scopes/<scope>-<hash>.json      one per scope, see View
//	rows/<scope>-<hash>.json         one per scope: digests of its instances, see Rows
//	lease/<name>-<hash>.json        where the store has If-Match
//	lease/<name>-<hash>/<number>    where it can only create
//	window/<name>-<hash>.json       until when reports are kept, and what was told
//	window/<name>-<hash>/<time>-<nonce>.json  one per kept report
//	budget/<name>-<hash>.json       what the parts of one run want to remove, see Budget
//	rounds/<name>-<hash>/<time>-<parts>/<part>-<time>-<nonce>.json  the report of one part
//	rounds/<name>-<hash>/<time>-<parts>/told.json  which of them were told, for a day
//	held/<hash>.json                 one per set of held removals, see Held
//	approvals/<hash>.json            one per set that a person approved, for a day
//	intents/<time>-<nonce>.json      what one run is about to remove, until its card was accepted, see Intents
//	quarantine/<account>-<hash>.json one per account whose credentials fail
//	rate/<of>.json                   how many requests a minute JumpServer takes of an access key
//	nodes/<path>-<hash>.json  one per configured path: the id of its node, see Nodes
//	owners/<account>-<hash>.json     one per configured account: whose cloud account it is, see Owner
//	expect/<scope>-<hash>.json       what a person has announced of a scope, and what is left of it, see Expectation
//	pause.json                       what a person has paused, see Pause
//	pause-told.json                  when people were told of it, see PauseTold
//	pulse/<slice>-<hash>.json        when the scopes of a slice of runs were last in a complete run
//	alarm.json                       that people were told that there are no complete runs
//	runs/<day>/<time>-<nonce>.json  one per run, for 180 days (-closed.json: it took something away)
//	<any of these>.damaged-<time>   what could not be read, at most five of one key
//
// A lease has two forms: the one of numbers could serve all stores, but takes 5 requests (2 as one object) and renews
// with 3 (1), and a program from before would not see it during an upgrade; OSS lacks the If-Match of the other.
//
// There is one object per scope, not one per account or deployment: runs of different accounts
// and regions go side by side, and on a store without If-Match the last writer of a shared
// object would take the others' entries away. An unchanged run reads one object of some 500
// bytes per scope, many at once, and writes none of them; rows (22 bytes for each instance) are read and
// written only where something changed. No object but these, a held set or what one run is about to remove (12 MiB
// at most), a report or a run's document is larger than 256 KiB.
//
// # Format
//
// Every object is {"schema":1,"checksum":"sha256:<of the body's bytes>","body":{…}}. A body has
// exactly the fields of its kind, in their order; a new field is a new schema of that kind. A lease
// is of schema 2, and one of schema 1 is read too. A scope is of schema 2; one of schema 1 is nothing
// known, without a warning, and is written over. Held sets and approvals are of schema 2, and say themselves of which
// JumpServer and organisation they are; of schema 1, or of another, they approve nothing.
//
// # Clocks
//
// Leases, windows, budgets and rounds compare times that different machines wrote. They are right
// as long as no two clocks differ by more than MaxSkew. A lease that ends later than its time from
// now on was written by a clock that is further ahead, and counts as ended: its holder finds out
// when it renews.
package state
