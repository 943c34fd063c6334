// Package plan compares what runs in the clouds with what JumpServer holds and says what is to
// be done, and why. It does no I/O, reads no clock, and the same input gives the same output.
//
// Build makes a Plan; its removals are only candidates. Approve (the guard) turns it into an
// Approved, the only thing that package apply takes; nothing else can fill one.
//
// An asset is ours if it carries the labels jms-cloud, jms-account, jms-owner and jms-region, each once, and
// names an instance: by its label jms-instance, or where it has none by a line of its comment. That is
// proved by its id, which is inventory.AssetID of them, or (adopted) stands in its label jms-asset while its comment
// names the instance too, as Adopt writes both. Labels alone prove nothing: who may set them need not have the right to
// change the asset, which a comment takes, and a deactivation too.
// Label names, cloud and region are read without case, because a database may keep another spelling. A copy
// of an asset has the labels and another id: it is told, and not ours. The rules:
//
//	instance    asset                                  outcome
//	---------   ------------------------------------   --------------------------------------------
//	listed      none                                   create
//	listed      none, and the instance has no address  skip (not created yet; it counts as present)
//	listed      none, its addresses are not all known  skip (not created yet)
//	listed      none, outside the whitelist            skip
//	listed      the id without our labels              skip (a person took the marks off)
//	listed      the id and our labels, and a comment   update: the label jms-instance; the comment stays
//	            that names no instance or another
//	listed      not ours, its comment names the        skip (the Python tool's, made by hand, released)
//	            instance
//	listed      not ours, just jms-instance names it,  skip (adopted by an earlier version, or released)
//	            and it has an address of the instance
//	listed      ours, in another region                skip (one instance, one asset)
//	listed      ours, name/address/zone/labels differ  update those as far as Rules.Manage has them;
//	                                                   what is people's: drift (said), left as it is
//	listed      ours, its addresses are not all known  its address stays; if it would differ: drift (said)
//	listed      ours, platform of another type         drift (said); a platform is never changed
//	listed      two of ours                            that of our id, else the first adopted one, follows;
//	                                                   the other: skip (said)
//	any         not ours, with our labels              skip (said): a copy, or unproved: its comment was
//	                                                   changed, and its instance is in no listing; or all
//	                                                   marks of an adopted one, which labels alone say
//	listed      ours, jms-gone                         update: label off, active again (unless jms-off)
//	listed      adopted, jms-gone, marks not whole     update: label off; it stays off (said)
//	listed      ours, switched off by a person         stays off; the rest follows the cloud
//	listed      ours, equal                            unchanged
//	listed      ours, never written to (see below)     skip (said), or unchanged where it is as wanted
//	absent      not ours                               not looked at
//	elsewhere   ours, in a complete scope's place      keep: an instance in any listing is present
//	absent      ours, its label and its comment name   skip (said): a row of JumpServer's label page was
//	            two owners (projects; regions, where   edited, or the comment
//	            no id of ours proves the region)
//	absent      ours, its account not configured or    orphan (said in every run): only Retire ends it;
//	            switched off, or its region left out   keep where it is deactivated and only waits, or
//	                                                   has jms-keep
//	absent      ours, scope failed or not asked for    keep
//	absent      ours, owner is not the credential's    skip (said)
//	absent      ours, its project not asked or unknown skip (said)
//	absent      ours, another account failed there     keep: it may be the one that sees the instance
//	absent      ours, another account was left out     skip (said): likewise, of a narrowed run
//	absent      ours, never written to (see below)     skip (said)
//	absent      ours, jms-keep                         skip (said): a person has the last word
//	absent      ours, protected_ips                    skip (said); jms-protected remembers the
//	                                                   instance's other addresses
//	absent      ours, outside the whitelist            skip (said)
//	absent      ours, no_delete                        skip (said)
//	absent      ours, jms-gone unreadable              skip (said)
//	absent      ours, jms-gone, yet active             skip: a person switched it on again; jms-reopened
//	                                                   remembers that
//	absent      ours, jms-gone, jms-reopened, off      skip (said): a person switched it off again
//	absent      ours, jms-gone, mode deactivate        keep
//	absent      adopted, jms-gone                      keep, however long: see Rules.DeleteAdopted
//	absent      ours, jms-gone, grace not over         keep
//	absent      ours, jms-gone, grace over             candidate: delete
//	absent      the same, jms-due within 10 minutes    keep until then
//	absent      the same, earlier than jms-due says    hold once (said), jms-due = now + 10 minutes
//	absent      ours, grace 0 with mode delete         candidate: delete
//	absent      ours                                   candidate: deactivate
//
// Never written to are gateways (the platform's name begins with "Gateway", as JumpServer itself
// tells them), JumpServer's own hosts (the asset's address is the host of jumpserver.url; names are not
// resolved, so that the plan depends on nobody's DNS), and assets whose name fits protected_names.
// Neither are they renamed to give a name away.
//
// A deactivation promises in jms-due when the asset will be deleted by the settings of that day
// ("never" with mode deactivate). Where the grace is shortened or deletion switched on, deletes are due
// that nobody was told of: the first run that finds one holds it, tells it and promises ten minutes;
// a later run deletes. The promise is renewed where the settings give more time than it. Assets without
// jms-due, deactivated by an older version, have no promise. This needs no state store, and lasts as
// long as the asset does. Events delete nothing.
//
// Where JumpServer says that the access key's user may not delete assets, mode delete is as deactivate,
// and each run says so.
//
// Four plans are made at a person's order, not by runs: Adopt (our marks on an asset that was there
// before), Release (our marks off), Retire (the end of orphans) and Reopen (what we deactivated is switched on
// again). Adopted assets keep their name, unless
// FieldPolicies.AdoptedName says otherwise, and an address that is any of their instance's. No run deletes one:
// labels and comments say whose it is, and a right on these is none to delete, unless Rules.DeleteAdopted makes it one.
//
// With Limits.Approval every removal, or every change, waits for a person; with Limits.Reviewed just the reviewed
// changes are made, see review.go.
//
// The guard (see thresholds.go) counts an asset as lost for the share of its scope for a day after its
// deactivation, unless its instance is back: slow leaks count. A delete at the end of a grace is not
// counted again, unless an event closed the asset (jms-event). With a grace shorter than a day that memory
// is as short. A scope that becomes empty holds what it had; if that was at most three assets,
// jms-missing notes the first proof of absence, and a run ten minutes later or more that proves it again
// lets them go. The same holds, whatever the scope, the limits and people say, for an absence that one kind
// of question alone shows (Proof.Weak). The label goes when the instance is seen again. What a person has approved
// (Limits.Approved) passes all thresholds, and no doubt. For events, of which each is one removal, Lately weighs the same share
// from what JumpServer counts, where no state tells what the last full run held.
//
// Names are unique in an organisation, and two spellings that a database may call equal are one name for
// what is made or renamed; what the server holds side by side stays. The active asset that holds a name keeps it; of others
// the smallest instance id gets it; the rest are called "<name>-<instance id>". Assets that are
// deactivated, or approved to be removed, give way. See names.go.
package plan
