package main

// placesMutants: what is left out or cannot be checked removes nothing, no credential is picked silently, and nothing
// goes to an address that the configuration does not name.
func placesMutants() []mutant {
	return []mutant{{
		name: "places: an excluded region is an orphan, not an absence", file: "core/plan/rules.go",
		old: " && !slices.Contains(a.ExcludeRegions, region)", broken: "", pkg: "./core/plan", test: "TestOrphans",
	}, {
		name: "places: an excluded region is not listed", file: "core/cloud/fleet.go",
		old: "return slices.Contains(t.Account.ExcludeRegions, region) })", broken: "return false })", pkg: "./core/cloud", test: "TestExcludedRegions",
	}, {
		name: "places: an event of an excluded region is nobody's", file: "core/cloud/resolve.go",
		old: " && !slices.Contains(a.ExcludeRegions, region)", broken: "", pkg: "./core/cloud", test: "TestExcludedRegions",
	}, {
		name: "places: all regions excluded are not none", file: "core/cloud/fleet.go",
		old: "\t\treturn nil, newError(inventory.Invalid, \"account %s: exclude_regions", broken: "\t\treturn nil, nil\n\t\t_ = newError(inventory.Invalid, \"account %s: exclude_regions", pkg: "./core/cloud", test: "TestExcludedRegions",
	}, {
		name: "places: account_id is believed only where nobody can be asked", file: "core/cloud/owner.go",
		old: "case configured != \"\" && inventory.IsNotReached(err):", broken: "case configured != \"\":", pkg: "./core/cloud", test: "TestOwnerOutOfReach",
	}, {
		name: "places: what account_id alone says confirms nothing", file: "core/cloud/owner.go",
		old: "case err == nil && how != ownerTold:", broken: "case err == nil && how == ownerRefused:", pkg: "./core/cloud", test: "TestOwnerOutOfReach",
	}, {
		name: "places: a proxy that cannot be reached says nothing of the cloud", file: "core/cloud/errors.go",
		old: "errors.As(err, &dial) && dial.Op == \"dial\"", broken: "errors.As(err, &dial)", pkg: "./core/cloud", test: "TestNotReached",
	}, {
		name: "places: listings say that nobody was asked", file: "core/cloud/fleet.go",
		old: "OwnerUnreached: owner.known == ownerUnreached, ", broken: "", pkg: "./core/cloud", test: "TestOwnerOutOfReach",
	}, {
		name: "places: a key that nobody checks and that shows none of ours makes nothing", file: "core/engine/owner.go",
		old: "if !doubted && l.OwnerUnreached && ", broken: "if false && ", pkg: "./core/engine", test: "TestUncheckedKey",
	}, {
		name: "places: a single service goes before all", file: "core/cloud/transport.go",
		old: "\tif named {\n", broken: "\tif named && e.all.Host == \"\" {\n", pkg: "./core/cloud/alibaba", test: "TestHosts",
	}, {
		name: "places: an unknown service is refused", file: "core/cloud/transport.go",
		old: "if !slices.Contains(services, service) {", broken: "if services == nil && !slices.Contains(services, service) {", pkg: "./core/cloud/fakecloudtest", test: "TestContract",
	}, {
		name: "places: the role of the instance is used only where it is named", file: "core/cloud/alibaba/provider.go",
		old: "case identity == \"\" && (id || key):", broken: "case identity == \"\" && id != key:", pkg: "./core/cloud/alibaba", test: "TestIdentityIsNamed",
	}, {
		name: "places: a function's role does not replace a named identity", file: "core/session/accounts.go",
		old: "a.AccessKeyID.IsEmpty() && a.Identity == \"\" && ", broken: "a.AccessKeyID.IsEmpty() && ", pkg: "./core/session", test: "TestNamedIdentity",
	}, {
		name: "places: a role's key is kept apart by external id", file: "core/cloud/rolecache.go",
		old: ", externalID: of.ExternalID}", broken: "}", pkg: "./core/cloud", test: "TestRoleKeys",
	}, {
		name: "places: the word for all regions stands alone", file: "core/config/places.go",
		old: "if len(lower) == 1 && isEveryRegion(lower[0]) {", broken: "if slices.ContainsFunc(lower, isEveryRegion) {", pkg: "./core/config", test: "TestBadFiles",
	}, {
		name: "places: other programs' variables of the logger change nothing", file: "core/config/load.go",
		old: "if text == \"\" || l.isSet(s.path) {", broken: "if text == \"\" {", pkg: "./core/config", test: "TestLoggerVariables",
	}}
}
