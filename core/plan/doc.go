// Package plan promises that the same input gives the same plan, and that nothing is removed without a rule, a
// proof and the guard's approval. It compares what runs in the clouds with what JumpServer holds and returns what
// is to be done, and why. It does no I/O and reads no clock.
//
// Build makes a Plan; its removals are only candidates. Approve (the guard) turns it into an Approved, the only
// thing that package apply takes; nothing else can fill one.
//
// An asset is ours if it carries the labels jms-cloud, jms-account, jms-owner and jms-region, each once, names an
// instance, and proves it. The label jms-instance names the instance, or without that label a line of the comment.
// The proof is the asset's id, which is inventory.AssetID of the labels; or, for an adopted asset, its own id in
// the label jms-asset together with a comment that names the instance, as Adopt writes both. Labels alone prove
// nothing: to write a comment, or to deactivate an asset, takes the right to change the asset, and to set labels
// does not. Label names, cloud and region are compared without case, because a database may keep another spelling.
// A copy of an asset has the same labels and another id: it is reported, and not ours.
//
// Each asset of ours is, in every full run, in exactly one of these: its instance is listed; it is to be removed; it
// is held; it is kept for a reason that is told (see Unaccounted, which checks it). Change.Unlisted marks what is
// active although no listing has its instance, or has it as closed, whatever the run does with it.
//
// The rules follow. "(reported)" means that the run's report has a line for it. The rows for absent instances stand
// in the order of the code, see planAbsentAssets, classifyAbsent and planDeactivated: the first row that fits
// decides.
//
//	instance    asset                                  outcome
//	---------   ------------------------------------   --------------------------------------------
//	listed      none                                   create
//	listed      none, and the instance has no address, skip (not created yet; it counts as present)
//	            neither IPv4 nor IPv6
//	listed      none, not all addresses are known      skip (not created yet)
//	listed      none, being released or closed         skip (not created)
//	listed      none, and by the mapping rules: skip,  skip (not created yet; it counts as present)
//	            active: false, younger than min_age,
//	            no address as they want it, a zone that
//	            is not there; or node, zone, skip or
//	            active rest on what was not shown
//	listed      none, outside the whitelist            skip
//	listed      our id without our labels              skip (a person removed the labels)
//	listed      our id and labels, and a comment       update: the label jms-instance; the comment stays
//	            that names no instance or another
//	listed      not ours, its comment names the        skip (the Python tool's, made by hand, disowned)
//	            instance
//	listed      not ours, only jms-instance names it,  skip (adopted by an earlier version, or disowned)
//	            and it has an address of the instance
//	listed      ours, in another region                skip (one instance, one asset)
//	listed      ours, name/address/zone/labels differ  update those that Rules.Manage lets us write;
//	                                                   the others: drift (reported), left as they are
//	listed      ours, not all addresses are known      its address stays; if it would differ: drift (reported)
//	listed      ours with an IPv4 address, and the     its address stays: drift (reported)
//	            cloud shows only IPv6 ones
//	listed      ours, platform of another type         drift (reported); a platform never becomes one of another
//	                                                   type
//	listed      ours, a rule says skip                 skip (reported): it stays as it is
//	listed      ours, rules want another node, zone,   update, as Rules.Manage says; too many of a scope: held
//	            platform, port, labels, accounts       (reported), see Limits.Moves; the others: drift
//	listed      ours, a field rests on what the cloud  that field stays as it is; where it is the skip: all that
//	            did not show                           only rules set
//	listed      ours, active, a rule says active:      candidate: deactivate, with jms-rule-off; it stays active,
//	            false                                  (reported), if anything below protects it from removal
//	listed      ours, jms-rule-off, yet active         drift (reported): a person switched it on again;
//	                                                   jms-reopened remembers that
//	listed      ours, jms-rule-off, no rule says so    update: label off, active again (unless jms-off or
//	            any more                               jms-reopened is beside it)
//	listed      two of ours                            the one with our id, else the first adopted one,
//	                                                   follows; the other: skip (reported)
//	listed      ours, jms-gone, being released         keep: it is not activated for the rest of its life
//	closed      ours, protected as absent ones are     skip (reported)
//	closed      ours, jms-gone                         keep, however long; jms-closed remembers it
//	closed      ours                                   candidate: deactivate, with jms-closed; jms-due is "never"
//	any         not ours, has lost our labels, and     skip (reported): nothing proves whose it is; with many of
//	            its instance is in no listing          them all removals are held, see LostMarks
//	any         not ours, with our labels              skip (reported): a copy; or unproved, as its comment
//	                                                   was changed and its instance is in no listing; or
//	                                                   labels alone call it adopted
//	listed      ours, jms-gone                         update: label off, active again (unless jms-off)
//	listed      adopted, jms-gone, labels incomplete   update: label off; it stays off (reported)
//	listed      ours, switched off by a person         stays off; the rest follows the cloud
//	listed      ours, equal                            unchanged
//	listed      ours, never written to (see below)     skip (reported), or unchanged if nothing differs
//	absent      not ours                               ignored
//	elsewhere   ours, its instance listed elsewhere    keep: an instance in any listing is present
//	absent      ours, its label and its comment name   skip (reported): a row of JumpServer's label page
//	            two owners (projects; regions, unless  was edited, or the comment
//	            our id proves the region)
//	absent      ours, its account not configured or    orphan (reported in every run): only Retire ends it;
//	            switched off, or of another cloud, or  keep if it is deactivated and only waits; skip
//	            its region left out, or not named by   with jms-keep
//	            the cloud any more
//	absent      ours, scope failed or not asked for    keep
//	absent      ours, owner is not the credential's    skip (reported)
//	absent      ours, its project not asked or unknown skip (reported)
//	absent      ours, another account failed there     keep: it may be the only one that sees the instance
//	absent      ours, another account was left out     skip (reported): likewise, in a narrowed run
//	absent      ours, never written to (see below)     skip (reported)
//	absent      ours, jms-keep                         skip (reported): a person has the last word
//	absent      ours, jms-tag-keep                     skip (reported): its instance's tag jms:keep said so
//	absent      ours, protected_ips                    skip (reported); jms-protected remembers the
//	                                                   instance's other addresses
//	absent      ours, outside the whitelist            skip (reported)
//	absent      ours, no_delete                        skip (reported)
//	absent      ours, jms-gone unreadable              skip (reported)
//	absent      ours, jms-gone, yet active             skip: a person switched it on again; jms-reopened
//	                                                   remembers that
//	absent      ours, jms-gone, jms-reopened, off      skip (reported): a person switched it off again
//	absent      ours, jms-gone, jms-closed:now         keep: the grace begins; jms-closed and jms-due say when
//	absent      ours, jms-gone, mode deactivate        keep
//	absent      adopted, jms-gone                      keep, however long: see Rules.DeleteAdopted
//	absent      ours, jms-gone, grace not over         keep
//	absent      ours, jms-gone, grace over             candidate: delete, unless jms-due is later
//	absent      the same, jms-due within 10 minutes    keep until then
//	absent      the same, earlier than jms-due says    hold once (reported), jms-due = now + 10 minutes
//	absent      ours, grace 0 with mode delete         candidate: delete
//	absent      ours                                   candidate: deactivate
//
// Never written to are gateways (the platform's name begins with "Gateway", which is how JumpServer itself
// recognises them), JumpServer's own hosts (the asset's address is the host of jumpserver.url; names are not
// resolved, so that the plan depends on nobody's DNS), and assets whose name matches protected_names. They are not
// renamed to release a name either.
//
// A deactivation writes into jms-due when the asset will be deleted by the settings of that day ("never" with mode
// deactivate). If the grace is shortened or deletion is switched on, deletes are due earlier than people were told:
// the first run that finds one holds and reports it and sets jms-due ten minutes ahead; a later run deletes.
// jms-due is renewed if the settings allow more time than it says. Assets deactivated by an older version have no
// jms-due. All this needs no state store, and lasts as long as the asset does. Events delete nothing.
//
// An instance is closed if its owner gave it up and the cloud keeps it for some days, as in a recycle bin
// (inventory.Closed). The listing, or the cloud's answer by its id, shows it so: that takes the place of a proof of
// absence, and the guard weighs the deactivation as any other; a scope in which all else is closed is empty. While it
// lasts nothing deletes the asset, and Proof.Closed turns a removal that believed the instance absent into this one. If
// the instance is present again, the asset is active again. If it is absent, the grace begins then, lasts noticePeriod
// at least, and the delete at its end needs the proof of every delete.
//
// If JumpServer says that the access key's user may not delete assets, mode delete works as deactivate, and each
// run reports that.
//
// Mapping rules (package mapping) say how the asset of an instance should be; what of it is written to existing assets is
// decided here. Without rules nothing of the following is read, compared or written. A new asset gets all that they set, as
// far as JumpServer has it: what it lacks is in the reason of its Create, and where a wrong node or zone would be open to the
// wrong people it is not made. Of existing assets Rules.Manage writes each field or leaves it, and Rules.Remap makes a plan
// that writes all that rules set, for a person to review. Nodes are compared by id: which of an asset's nodes are ours its
// comment says (inventory.NoteNodes), and without that line it is its account's own node; ours that are no longer wanted go,
// those that people added stay, and the root node goes where it was the only one. Rules never decide whose an asset is, set
// no label of ours, and never prove that an instance is gone.
//
// A deactivation by a rule (active: false) is a candidate: every protection, limit, approval and pause holds for it, and it
// counts among the losses. It needs no proof, as the listing shows what it rests on. Its label jms-rule-off starts no grace;
// it has the hour, so that what rules switch off in many small steps counts together in the shares of its scope and of the fleet
// for a day, and in the limit of a run for an hour. Events, which remove one by one what is proved gone, do not count it.
// All else of the asset follows the cloud in the same run only as far as its name; the next run writes the rest. Events
// neither deactivate by rules nor move assets, as they cannot count: the next full run does.
//
// Four plans are made at a person's order, not by runs: Adopt (our labels on an existing asset), Disown (our labels
// off), Retire (the end of orphans) and Reopen (assets that we deactivated are active again). Adopted assets keep
// their name, unless FieldPolicies.AdoptedName says otherwise, and an address that is any of their instance's. No
// run deletes an adopted asset, unless Rules.DeleteAdopted allows it: labels and comments say whose it is, and the
// right to write these is no right to delete.
//
// An asset that has lost some or all of the labels that make it ours says in its comment whose instance it is, or has
// the id made of it. If more assets have lost them than the guard lets a scope lose, somebody deleted a row of
// JumpServer's label page: every removal is held (LostMarks), and Adopt puts the labels back. Where the id proves it,
// Adopt does so for instances that are gone too, and the next run decides on them. Disown leaves jms-released, so that
// what a person let go is not taken for lost.
//
// With Limits.Approval every removal, or every change, waits for a person; with Limits.Reviewed only the reviewed
// changes are made, see review.go.
//
// The guard decides on each candidate by itself (see thresholds.go), and then on those together that this lets pass
// (see verdict.go), so that a scope that is held holds nothing elsewhere:
//
//   - Small scopes that became empty within one hour of each other count as one; with more assets together than one
//     small scope may have, all of them are held.
//   - Limits.Fleet bounds the share of all our assets in the organisation that two or more scopes lose within a day,
//     those included that others deactivated.
//   - Limits.PerRun bounds the number of losses, those included that other runs deactivated within ten minutes, and by
//     itself the number of deletes at the end of a grace.
//
// What others deactivated is known by labels, without a store, so that runs that are narrowed to different scopes see
// each other. A deactivation that a person approved or announced does not count: it has the label jms-approved. With a
// grace of 0 no label remains.
//
// It counts an asset as lost in the share of its scope for a day after its deactivation, whoever approved that,
// unless its instance is back, so that slow leaks count. A delete at the end of a grace is not counted again,
// unless an event deactivated the asset (jms-event). With a grace shorter than a day that memory is as short. A
// scope that becomes empty holds its removals. If it had at most three assets, jms-missing records the first proof
// of absence, and a run at least ten minutes later that proves it again lets them go. The same holds, whatever the
// scope, the limits and people say, for an absence that only one kind of call shows (Proof.Weak). jms-missing is
// removed when the instance is seen again. A person's approval (Limits.Approved) passes all thresholds, and never
// replaces a proof. Each event is one removal: LossCounter checks the fleet's share with what JumpServer counts, and,
// if no state records what the last full run held, that of its scope too.
//
// Names are unique in an organisation. Two spellings that a database may call equal are one name for what is
// created or renamed; assets that already have them side by side keep them. The active asset that holds a name
// keeps it; among others the smallest instance id gets it; the rest are called "<name>-<instance id>". Assets that
// are deactivated, or approved to be removed, release their name. See names.go.
package plan
