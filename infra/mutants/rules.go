package main

// mutants returns all of them: what was broken once without a test that noticed, and what must never be.
func mutants() []mutant {
	var all []mutant
	for _, some := range [][]mutant{ofProof(), ofPlace(), ofPeople(), ofTime(), ofStore(), ofEvents(), ofReopening(), ofMarks(), ofShare(), ofOrders()} {
		all = append(all, some...)
	}
	return all
}

// ofProof: an absence is proved by two different witnesses, with the right key, or not at all.
func ofProof() []mutant {
	return []mutant{{
		name: "dry run that succeeds", file: "core/cloud/alibaba/alibaba.go",
		old: `		if err == nil {
			err = l.Fault(inventory.Incomplete, op, region, "the dry run`, broken: `		if false {
			err = l.Fault(inventory.Incomplete, op, region, "the dry run`,
		pkg: "./core/cloud/alibaba", test: "TestDryRunThatSucceeds",
	}, {
		name: "azure: a GET decides", file: "core/cloud/azure/witness.go",
		old: "		case got.ID == id:\n			row :=", broken: "		case got.ID == id && false:\n			row :=",
		pkg: "./core/cloud/azure", test: "TestSecondWitness",
	}, {
		name: "azure: Graph alone proves nothing", file: "core/cloud/azure/witness.go",
		old: "		return nil, all(ids, err), nil", broken: "		return nil, nil, nil",
		pkg: "./core/cloud/azure", test: "TestSecondWitness",
	}, {
		name: "aws: the second witness must name it", file: "core/cloud/aws/witness.go",
		old: "if lost := cloud.Absent(left, got.rows); len(lost) > 0 {", broken: "if lost := cloud.Absent(left, got.rows); len(lost) > len(left) {",
		pkg: "./core/cloud/aws", test: "TestOddWitness",
	}, {
		name: "alibaba: an answer about another", file: "core/cloud/alibaba/witness.go",
		old: `answer.requestID == "" || answer.row.ID != id`, broken: `answer.requestID == "" || false`,
		pkg: "./core/cloud/alibaba", test: "TestOddWitness",
	}, {
		name: "a weak absence waits", file: "core/plan/weigh.go",
		old: "	if why, waits := g.alone(c); waits {", broken: "	if why, waits := g.alone(c); waits && !approved {",
		pkg: "./core/plan", test: "TestOneWitnessIsNoProof",
	}, {
		name: "no answer is no proof", file: "core/plan/weigh.go",
		old: "	case proof.Err != nil:\n		return because(GuardUnproven, proof.Err.Error()), true\n", broken: "	case proof.Err != nil:\n		return Reason{}, false\n",
		pkg: "./core/plan", test: "TestGuardWeighsProofs",
	}, {
		name: "whose key proved it", file: "core/engine/prove.go",
		old: "		err = e.Clouds.Confirm(ctx, scope, ownerOf(changes[0]))\n", broken: "",
		pkg: "./core/engine", test: "TestWhoseKeyProves",
	}, {
		name: "an untold owner needs a witness", file: "core/engine/prove.go",
		old: "errors.Is(err, inventory.ErrOwnerUntold) && seen {", broken: "errors.Is(err, inventory.ErrOwnerUntold) && (seen || true) {",
		pkg: "./core/engine", test: "TestUntoldOwner",
	}}
}

// ofPlace: a proof covers the account and project that the asset came from.
func ofPlace() []mutant {
	return []mutant{{
		name: "project of a listing", file: "core/plan/absent.go",
		old: "	case !slices.ContainsFunc(l.Projects, func(p string) bool", broken: "	case false && !slices.ContainsFunc(l.Projects, func(p string) bool",
		pkg: "./core/plan", test: "TestProjects",
	}, {
		name: "project of a proof", file: "core/engine/prove.go",
		old: `proof.Absent && project != "" && !named(found.Projects, project)`, broken: `proof.Absent && project == "" && !named(found.Projects, project)`,
		pkg: "./core/engine", test: "TestProofIsOfTheListedProject",
	}, {
		name: "owner of a listing", file: "core/plan/retire.go",
		old: "	case !strings.EqualFold(l.Owner, m.owner):", broken: "	case !strings.EqualFold(l.Owner, m.owner) && false:",
		pkg: "./core/plan", test: "TestScopes",
	}, {
		name: "remembered owner", file: "core/plan/owner.go",
		old: `	case v.Remembered != "" && !is(v.Remembered):`, broken: `	case v.Remembered != "" && !is(v.Remembered) && v.Accepted:`,
		pkg: "./core/engine", test: "TestAnotherKeyOfAnEmptyAccount",
	}, {
		name: "owner by the marks", file: "core/plan/owner.go",
		old: "	case len(v.Marked) == 1 && !is(v.Marked[0]):\n", broken: "	case len(v.Marked) == 1 && is(v.Marked[0]) && !is(owner):\n",
		pkg: "./core/plan", test: "TestDoubt",
	}, {
		name: "account_id confirms nothing", file: "core/cloud/scope.go",
		old: "		case err == nil && !told:", broken: "		case err == nil && !told && now == \"\":",
		pkg: "./core/cloud", test: "TestConfirmUntold",
	}}
}

// ofPeople: what people made, edited, keep or did not approve stays.
func ofPeople() []mutant {
	return []mutant{{
		name: "keep means keep", file: "core/plan/spare.go",
		old: "l.Is(inventory.LabelKeep) || meansKeep(l.Name)", broken: "l.Is(inventory.LabelKeep)",
		pkg: "./core/plan", test: "TestKeepMeansKeep",
	}, {
		name: "no run deletes what was adopted", file: "core/plan/due.go",
		old: "r.Mode == ModeDelete && (r.DeleteAdopted || provedByID(a))", broken: "r.Mode == ModeDelete",
		pkg: "./core/plan", test: "TestAdoptedFollows",
	}, {
		name: "adopt by address only if asked", file: "core/plan/adopt.go",
		old: "	case !f.byAddresses:", broken: "	case !f.byAddresses && false:",
		pkg: "./core/plan", test: "TestAdoptByAddressOnlyIfAsked",
	}, {
		name: "adopt of another name", file: "core/plan/adopt.go",
		old: "	case !f.sameName(e, assets[0]):", broken: "	case !f.sameName(e, assets[0]) && false:",
		pkg: "./core/plan", test: "TestAdoptByAddressOnlyIfAsked",
	}, {
		name: "edited meanwhile", file: "core/apply/again.go",
		old: "append(changed(before, now), otherwise(before, now)...)", broken: "changed(before, now)",
		pkg: "./core/apply", test: "TestPersonsChangeBetweenPlanAndRemovalWins",
	}, {
		name: "the last look before a DELETE", file: "core/jumpserver/remove.go",
		old: "	if len(due) < len(present) {", broken: "	if len(due) > len(present) {",
		pkg: "./core/jumpserver", test: "TestRemoveOnlyWhatIsStillDue",
	}, {
		name: "held removals of a plan's file", file: "core/plan/approval.go",
		old: `l.Only[reviewed].Held != "" && l.Only[reviewed].Action == c.Action:
		return because(HeldInFile), true`, broken: `l.Only[reviewed].Held != "" && l.Only[reviewed].Action == c.Action:
		return Reason{}, false`,
		pkg: "./core/plan", test: "TestHeldInTheFile",
	}, {
		name: "retire passes the guard", file: "core/plan/retire.go",
		old: "limits.Approved[c.AssetID] = yes", broken: "limits.Approved[c.AssetID] = yes || true",
		pkg: "./core/plan", test: "TestRetirePassesTheGuard",
	}, {
		name: "retire leaves what runs", file: "core/plan/retire.go",
		old: "	case runs:\n", broken: "	case runs && failed != \"\":\n",
		pkg: "./core/plan", test: "TestRetireWithKey",
	}, {
		name: "retire without a key", file: "core/plan/retire.go",
		old: "			b.rules.Mode = ModeDeactivate\n", broken: "",
		pkg: "./core/plan", test: "TestRetireWithoutKey",
	}}
}

// ofTime: nothing is removed by a clock that nobody can believe.
func ofTime() []mutant {
	return []mutant{{
		name: "clock holds removals", file: "core/plan/weigh.go",
		old: "	if why := g.limits.Clock; why.Code != \"\" {", broken: "	if why := g.limits.Clock; why.Code != \"\" && g.plan.retired {",
		pkg: "./core/plan", test: "TestGuardClock",
	}, {
		name: "clock writes no times", file: "core/plan/guard.go",
		old: "	if limits.Clock.Code == \"\" {\n", broken: "	{\n",
		pkg: "./core/plan", test: "TestGuardClockWritesNoTime",
	}, {
		name: "clock of the clouds", file: "core/cloud/clock.go",
		old: "s.By.Abs() > MaxSkew", broken: "s.By > MaxSkew",
		pkg: "./core/engine", test: "TestClockBehindWritesNoTimes",
	}, {
		name: "clock is no bad key", file: "core/cloud/clock.go",
		old: "		fault.Kind = inventory.ClockOff\n", broken: "",
		pkg: "./core/cloud", test: "TestByClock",
	}}
}

// ofStore: state is one JumpServer's, and an approval is for one set.
func ofStore() []mutant {
	return []mutant{{
		name: "state of one JumpServer", file: "core/state/place.go",
		old: `s.root + "servers/" + safe(server, organisation) + "/"`, broken: `s.root + "servers/" + safe("", organisation) + "/"`,
		pkg: "./core/state", test: "TestPlaces",
	}, {
		name: "approval of another JumpServer", file: "core/state/held.go",
		old: "body.Hash != hash || !h.store.isOf(body.Server, body.Organisation)", broken: "body.Hash != hash",
		pkg: "./core/state", test: "TestPlaces",
	}, {
		name: "approval of another set", file: "core/state/held.go",
		old: "body.Hash != hash || !h.store.isOf(body.Server, body.Organisation)", broken: "!h.store.isOf(body.Server, body.Organisation)",
		pkg: "./core/state", test: "TestApprovalOfAnotherSet",
	}, {
		name: "set of other assets", file: "core/state/held.go",
		old: "body.Hash != hash || hashOf(body.Removals) != hash", broken: "body.Hash != hash",
		pkg: "./core/state", test: "TestHeldSetOfOtherAssets",
	}}
}

// ofEvents: only a release closes, and nothing closes what is held.
func ofEvents() []mutant {
	return []mutant{{
		name: "only a release closes", file: "core/engine/hear.go",
		old: "	case !s.gone && !s.proved.IsZero() && now.Sub(s.proved) >= firstWait:", broken: "	case !s.gone && s.proved.IsZero() && s.proved.After(now):",
		pkg: "./core/engine", test: "TestHeldIsNotClosedByEvents",
	}, {
		name: "held is not closed by events", file: "core/engine/share.go",
		old: "	case last.Held > 0:", broken: "	case last.Held > 0 && false:",
		pkg: "./core/engine", test: "TestHeldIsNotClosedByEvents",
	}, {
		name: "an event of a stranger", file: "core/engine/event.go",
		old: "		if strange {\n", broken: "		if strange && false {\n",
		pkg: "./core/engine", test: "TestEventOfAStranger",
	}}
}
