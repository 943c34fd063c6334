// Package state remembers between runs what saves work, what people ordered, and what people must still be notified of.
// No error of it ends a run: callers log it and take the full path.
//
// Nor does it cost a run its time: package session gives the store at most a quarter of that, and one call at most five
// seconds, or an eighth of the time that is left. After the first call without an answer it is not asked again in that
// run, apart from the renewal of a lease; every method then fails at once, and what rests on the store fails as below.
// Elsewhere, as for a person's order, callTimeout bounds each method.
//
// State is no evidence that an instance is gone: every removal is proved anew. Most objects hold only digests, times and
// counts, and the worst that a wrong one does is to delay a change until the next full reconcile (sync.full_every).
// The objects that name assets or order something are these:
//
//   - Held sets, approvals, reports, runs and intents list assets. They decide what is shown to people; an approval also
//     lifts thresholds for its assets.
//   - An expectation lifts thresholds for a number of removals in one scope. They are counted before they are made.
//   - A pause prevents writes. If it cannot be read, removals are paused.
//   - A node id decides where new hosts go, and where rules put those that exist; JumpServer says whether the node exists.
//     If these cannot all be read, no host that exists changes its node.
//   - An owner can only prevent: a listing by another cloud account than the remembered one fails.
//
// All of it belongs to one organisation of one JumpServer and lies in a folder of its own (Store.ForInstallation), below a
// prefix of a storage.Bucket. Nothing is read across that border, so an approval for one JumpServer is none for another.
// Objects at the top of the prefix in an older form (scopes/, held/, approvals/, …) are not read.
//
// # Objects
//
// "lost" and "corrupt" say what happens if the object is deleted or cannot be decoded. "moved" means that a corrupt object
// is copied to <key>.damaged-<time> (at most five per key) and deleted; "copied", that it is copied only; otherwise it stays
// until it is overwritten. In a key, a name such as <scope> or <account> is a readable part and a hash.
//
//	key                              written by, when                         lost                                  corrupt
//	places/<installation>.json       a complete run, at most once a day       written again                         as lost
//
//	below servers/<installation>/:
//	scopes/<scope>.json              a run: dirty before its first write,     the scope is compared with all of     as lost; moved
//	                                 its result at the end                    JumpServer
//	rows/<scope>.json                a run that applied a changed listing     the next change takes the full path   as lost; moved
//	lease/<name>.json                the holder: acquire, renew while it      two may work at once                  free; copied
//	                                 makes progress, release; stores with
//	                                 If-Match
//	lease/<name>/<number>            the same on create-only stores           two may work at once                  free; copied
//	window/<name>.json               who sends a card of events               the next report is sent at once       as lost; moved
//	window/<name>/<time>-<nonce>     an event's run, until its card is sent   its card is not sent                  as lost; moved
//	rounds/<name>/…/<part>-…         a shard at its end, until the card       the card says that the part is        as lost; copied
//	                                                                          missing
//	rounds/<name>/…/told.json        who sent the card of a run's shards      the card may be sent twice            as lost
//	budget/<name>.json               a shard before its removals              other shards' removals do not count   nothing is granted for an hour
//	held/<hash>.json                 a run that holds removals                no approval until a run holds it      as lost; stays
//	                                                                          again
//	approvals/<hash>.json            a person (approve); a run takes out      nothing is approved                   no approval at all is valid
//	                                 what it applied
//	intents/<time>-<nonce>.json      a run before its first removal, until    a removal whose card was not sent     as lost; moved
//	                                 its card was sent                        is not notified
//	quarantine/<account>.json        a run whose credentials failed, until    the account is asked                  as lost
//	                                 they work
//	rate/<client>.json               a run that JumpServer rate-limited       learnt again from refused requests    as lost
//	nodes/<path>.json                a run that found or created the node,    the node at the path is used or       as lost; moved
//	                                 or that rules put assets into            created, and people are notified
//	owners/<account>.json            a full run that found the owner; a       found again from the labels of        as lost
//	                                 person (owner accept)                    assets
//	expect/<scope>.json              a person (expect); a run before the      thresholds apply                      as lost
//	                                 removals that it counts
//	pause.json                       a person (pause), until resume           nothing is paused                     removals are paused
//	pause-told.json                  a run that notified of the pause         notified again                        as lost
//	pulse/<shard>.json               a complete run                           its scopes count from the next        as lost
//	                                                                          complete run
//	open/<shard>.json                a run that compared all of JumpServer,   status does not list what stays open  as lost
//	                                 at its end                               until the next one
//	alarm.json                       who notified that complete runs are      notified again                        it was notified
//	                                 missing, until there is one
//	conditions.json                  a run that notified people of what       people are notified again of all      as lost; moved
//	                                 lasts, or sees a change of it            that lasts
//	metrics.json                     a run, where metrics are configured      counters begin anew                   as lost; moved
//	pages/<day>/<time>-<nonce>.html  a run of which people are notified or    the run has no page                   it is shown as it is
//	                                 that wrote; deleted after 30 days; at
//	                                 most 4 MiB
//	runs/<day>/<time>-<nonce>.json   a run or retire at its end; deleted      missing in the history and for        as lost; stays
//	                                 after 180 days (-closed.json: it         reactivate
//	                                 removed assets); shortened to 1 MiB.
//	                                 After the nonce stand the run's figures
//	audit/<day>/<id>.json            the console, before a person's act       the act is not in the log             as lost; stays
//	audit/<day>/<id>-end.json        the console, after it; both deleted      how it ended is not in the log        as lost; stays
//	                                 after 400 days
//	plans/<day>/<hash>.json          the console: a dry run that a person     it cannot be applied                  as lost
//	                                 may apply within 24 hours
//
// The leases are "run" (a full run), "run <accounts> <regions>" (a run of a part) and "order" (a person's order that
// writes, which holds "run" too), besides those of queues. A part looks for "order" when it holds its own lease, and an
// order for those of parts: see CheckLease.
//
// A lease has two forms. Numbered objects could serve all stores, but cost 5 requests to acquire (2 as one object) and
// 3 to renew (1), and an older program would not see them during an upgrade; OSS has no If-Match for the other form.
//
// There is one object per scope rather than per account or deployment: runs of different accounts
// and regions overlap, and on a store without If-Match the last writer of a shared object would drop the entries of
// the others. An unchanged run reads one object of some 500 bytes per scope, many at once, and writes none of them;
// rows (22 bytes per instance) are read and written only where something changed. Held sets, approvals and intents are at
// most 12 MiB, plans 24 MiB, rows 2 MiB, reports, runs, conditions and metrics 1 MiB, all else 256 KiB. Conditions are one object, because a
// card tells of several at once; who changes it does so by compare-and-swap, or under a short lease.
//
// # Format
//
// Every object, apart from pages, which are HTML for browsers and never read by a program, is
// {"schema":1,"checksum":"sha256:<of the body's bytes>","body":{…}}. A body has exactly the fields of its kind, in
// their order; a new field is a new schema of that kind. An object of a later schema is treated like a corrupt one,
// with a warning that says so; only that of a node id stays. Of schema 2 are leases (1 is read too). Of schema 3 are
// scopes (2 is read too, 1 is overwritten without a warning), held sets and approvals (since 2 they name their
// JumpServer and organisation, and 1 approves nothing; 3 adds address and node, and 2 is read too).
//
// # Clocks
//
// Leases, queues and quotas compare times that different machines wrote. They are right
// as long as no two clocks differ by more than MaxSkew. A lease that ends later than its full time from
// now on was written by a clock that is further ahead, and counts as ended: its holder finds out
// when it renews.
package state
