package main

// allMutants returns all of them: rules that were once broken without a failing test, and rules that must never break.
func allMutants() []mutant {
	var all []mutant
	for _, some := range [][]mutant{
		proofMutants(),
		scopeMutants(),
		peopleMutants(),
		timeMutants(),
		storeMutants(),
		eventMutants(),
		reopeningMutants(),
		labelMutants(),
		shareMutants(),
		pauseMutants(),
		sessionMutants(),
		fleetMutants(),
		numberMutants(),
		boundMutants(),
		factMutants(),
		ruledRunMutants(),
		mappingMutants(),
		accessMutants(),
		serverMutants(),
		explainMutants(),
		consoleMutants(),
		accountedMutants(),
		placesMutants(),
		wordMutants(),
		commandMutants(),
		outageMutants(),
		statusMutants(),
		decodingMutants(),
		ipv6Mutants(),
		cardMutants(), robotMutants(),
		campaignMutants(),
		kindsMutants(),
		configMutants(),
		mappedMutants(),
	} {
		all = append(all, some...)
	}
	return all
}

// proofMutants: an absence is proved by two different witnesses, with the right key, or not at all.
func proofMutants() []mutant {
	return []mutant{{
		name: "dry run that succeeds", file: "core/cloud/alibaba/list.go",
		old: `		if err == nil {
			err = l.NewError(inventory.Incomplete, op, region, "the dry run`, broken: `		if false {
			err = l.NewError(inventory.Incomplete, op, region, "the dry run`,
		pkg: "./core/cloud/alibaba", test: "TestDryRunThatSucceeds",
	}, {
		name: "azure: a GET decides", file: "core/cloud/azure/verify.go",
		old: "\t\tcase got.ID == id:\n\t\t\trow :=", broken: "\t\tcase got.ID == id && false:\n\t\t\trow :=",
		pkg: "./core/cloud/azure", test: "TestSecondWitness",
	}, {
		name: "azure: Graph alone proves nothing", file: "core/cloud/azure/verify.go",
		old: "\t\treturn nil, sameReason(ids, err), nil", broken: "\t\treturn nil, nil, nil",
		pkg: "./core/cloud/azure", test: "TestSecondWitness",
	}, {
		name: "aws: the second witness must name it", file: "core/cloud/aws/verify.go",
		old: "if lost := cloud.MissingIDs(left, got.rows); len(lost) > 0 {", broken: "if lost := cloud.MissingIDs(left, got.rows); len(lost) > len(left) {",
		pkg: "./core/cloud/aws", test: "TestOddWitness",
	}, {
		name: "alibaba: an answer about another", file: "core/cloud/alibaba/verify.go",
		old: `answer.requestID == "" || answer.row.ID != id`, broken: `answer.requestID == "" || false`,
		pkg: "./core/cloud/alibaba", test: "TestOddWitness",
	}, {
		name: "a weak absence waits", file: "core/plan/thresholds.go",
		old: "\tif why, waits := g.hasWeakProof(c); waits {", broken: "\tif why, waits := g.hasWeakProof(c); waits && !approved {",
		pkg: "./core/plan", test: "TestOneWitnessIsNoProof",
	}, {
		name: "no answer is no proof", file: "core/plan/thresholds.go",
		old: "\tcase proof.Err != nil:\n\t\treturn reason.New(reason.GuardUnproven, proof.Err.Error()), true\n", broken: "\tcase proof.Err != nil:\n\t\treturn reason.Reason{}, false\n",
		pkg: "./core/plan", test: "TestGuardWeighsProofs",
	}, {
		name: "whose key proved it", file: "core/engine/proof.go",
		old: "\t\terr = e.Clouds.VerifyOwner(ctx, scope, ownerOf(changes[0]))\n", broken: "",
		pkg: "./core/engine", test: "TestWhoseKeyProves",
	}, {
		name: "an untold owner needs a witness", file: "core/engine/proof.go",
		old: "errors.Is(err, inventory.ErrOwnerUnknown) && seen {", broken: "errors.Is(err, inventory.ErrOwnerUnknown) && (seen || true) {",
		pkg: "./core/engine", test: "TestUntoldOwnerOfAProof",
	}}
}

// scopeMutants: a proof covers the account and project from which the asset came.
func scopeMutants() []mutant {
	return []mutant{{
		name: "project of a listing", file: "core/plan/absent.go",
		old: "\tcase !slices.ContainsFunc(l.Projects, func(p string) bool", broken: "\tcase false && !slices.ContainsFunc(l.Projects, func(p string) bool",
		pkg: "./core/plan", test: "TestProjects",
	}, {
		name: "project of a proof", file: "core/engine/proof.go",
		old: `proof.Absent && project != "" && !containsProject(found.Projects, project)`, broken: `proof.Absent && project == "" && !containsProject(found.Projects, project)`,
		pkg: "./core/engine", test: "TestProofIsOfTheListedProject",
	}, {
		name: "owner of a listing", file: "core/plan/retire.go",
		old: "\tcase !strings.EqualFold(l.Owner, m.owner):", broken: "\tcase !strings.EqualFold(l.Owner, m.owner) && false:",
		pkg: "./core/plan", test: "TestScopes",
	}, {
		name: "remembered owner", file: "core/plan/ownerevidence.go",
		old: `	case v.Remembered != "" && !is(v.Remembered):`, broken: `	case v.Remembered != "" && !is(v.Remembered) && v.Accepted:`,
		pkg: "./core/engine", test: "TestAnotherKeyOfAnEmptyAccount",
	}, {
		name: "owner by the marks", file: "core/plan/ownerevidence.go",
		old: "\tcase len(v.Labelled) == 1 && !is(v.Labelled[0]):\n", broken: "\tcase len(v.Labelled) == 1 && is(v.Labelled[0]) && !is(owner):\n",
		pkg: "./core/plan", test: "TestDoubt",
	}, {
		name: "account_id confirms nothing", file: "core/cloud/owner.go",
		old: "\t\tcase err == nil && how != ownerTold:", broken: "\t\tcase err == nil && how != ownerTold && now == \"\":",
		pkg: "./core/cloud", test: "TestConfirmUntold",
	}, {
		name: "a credential of several accounts", file: "core/cloud/ownercache.go",
		old: `return !t.Info.SharedCredentials || t.Account.AccountID != ""`, broken: `return true || t.Account.AccountID != ""`,
		pkg: "./core/cloud", test: "TestRemembered",
	}}
}

// peopleMutants: what people created, edited, keep or did not approve stays.
func peopleMutants() []mutant {
	return []mutant{{
		name: "keep means keep", file: "core/plan/protected.go",
		old: "l.Is(inventory.LabelKeep) || isKeepLabelName(l.Name)", broken: "l.Is(inventory.LabelKeep)",
		pkg: "./core/plan", test: "TestKeepMeansKeep",
	}, {
		name: "no run deletes what was adopted", file: "core/plan/grace.go",
		old: "r.Mode == ModeDelete && (r.DeleteAdopted || isProvedByID(a))", broken: "r.Mode == ModeDelete",
		pkg: "./core/plan", test: "TestAdoptedFollows",
	}, {
		name: "adopt by address only if asked", file: "core/plan/adopt.go",
		old: "\tcase !f.allowByAddress:", broken: "\tcase !f.allowByAddress && false:",
		pkg: "./core/plan", test: "TestAdoptByAddressOnlyIfAsked",
	}, {
		name: "adopt of another name", file: "core/plan/adopt.go",
		old: "\tcase !f.hasSameName(e, assets[0]):", broken: "\tcase !f.hasSameName(e, assets[0]) && false:",
		pkg: "./core/plan", test: "TestAdoptByAddressOnlyIfAsked",
	}, {
		name: "edited meanwhile", file: "core/apply/reread.go",
		old: "append(stateDifferences(before, now), otherDifferences(before, now)...)", broken: "stateDifferences(before, now)",
		pkg: "./core/apply", test: "TestPersonsChangeBetweenPlanAndRemovalWins",
	}, {
		name: "the last look before a DELETE", file: "core/jumpserver/remove.go",
		old: "\tif len(due) < len(present) {", broken: "\tif len(due) > len(present) {",
		pkg: "./core/jumpserver", test: "TestRemoveOnlyWhatIsStillDue",
	}, {
		name: "held removals of a plan's file", file: "core/plan/review.go",
		old: `l.Reviewed[reviewed].Held != "" && l.Reviewed[reviewed].Action == c.Action:
		return reason.New(reason.HeldInFile), true`, broken: `l.Reviewed[reviewed].Held != "" && l.Reviewed[reviewed].Action == c.Action:
		return reason.Reason{}, false`,
		pkg: "./core/plan", test: "TestHeldInTheFile",
	}, {
		name: "retire passes the guard", file: "core/plan/retire.go",
		old: "limits.Approved[c.AssetID] = yes", broken: "limits.Approved[c.AssetID] = yes || true",
		pkg: "./core/plan", test: "TestRetirePassesTheGuard",
	}, {
		name: "retire leaves what runs", file: "core/plan/retire.go",
		old: "\tcase runs:\n", broken: "\tcase runs && failed != \"\":\n",
		pkg: "./core/plan", test: "TestRetireWithKey",
	}, {
		name: "retire without a key", file: "core/plan/retire.go",
		old: "\t\t\tb.rules.Mode = ModeDeactivate\n", broken: "",
		pkg: "./core/plan", test: "TestRetireWithoutKey",
	}}
}

// timeMutants: nothing is removed by a clock that nobody can believe.
func timeMutants() []mutant {
	return []mutant{{
		name: "clock holds removals", file: "core/plan/thresholds.go",
		old: "\tif g.limits.Clock.Code != \"\" {\n\t\treturn Hold", broken: "\tif g.limits.Clock.Code != \"\" && g.plan.retired {\n\t\treturn Hold",
		pkg: "./core/plan", test: "TestGuardClock",
	}, {
		name: "clock writes no times", file: "core/plan/guard.go",
		old: "\tif limits.Clock.Code == \"\" {\n", broken: "\t{\n",
		pkg: "./core/plan", test: "TestGuardClockWritesNoTime",
	}, {
		name: "clock of the clouds", file: "core/cloud/clock.go",
		old: "s.Ahead.Abs() > MaxSkew", broken: "s.Ahead > MaxSkew",
		pkg: "./core/engine", test: "TestClockBehindWritesNoTimes",
	}, {
		name: "clock is no bad key", file: "core/cloud/clock.go",
		old: "\t\tfault.Kind = inventory.ClockOff\n", broken: "",
		pkg: "./core/cloud", test: "TestByClock",
	}}
}

// storeMutants: state belongs to one JumpServer, and an approval to one set.
func storeMutants() []mutant {
	return []mutant{{
		name: "state of one JumpServer", file: "core/state/installation.go",
		old: `s.root + "servers/" + safeKeyPart(server, organisation) + "/"`, broken: `s.root + "servers/" + safeKeyPart("", organisation) + "/"`,
		pkg: "./core/state", test: "TestForInstallation",
	}, {
		name: "approval of another JumpServer", file: "core/state/held.go",
		old: "body.Hash != hash || !h.store.isInstallation(body.Server, body.Organisation)", broken: "body.Hash != hash",
		pkg: "./core/state", test: "TestForInstallation",
	}, {
		name: "approval of another set", file: "core/state/held.go",
		old: "body.Hash != hash || !h.store.isInstallation(body.Server, body.Organisation)", broken: "!h.store.isInstallation(body.Server, body.Organisation)",
		pkg: "./core/state", test: "TestApprovalOfAnotherSet",
	}, {
		name: "set of other assets", file: "core/state/held.go",
		old: "body.Hash != hash || HashRemovals(body.Removals) != hash", broken: "body.Hash != hash",
		pkg: "./core/state", test: "TestHeldSetOfOtherAssets",
	}}
}

// eventMutants: only a release deactivates, and nothing deactivates what is held.
func eventMutants() []mutant {
	return []mutant{{
		name: "only a release closes", file: "core/reconcile/observe.go",
		old: "\tcase !s.released && !s.provedAbsentAt.IsZero() && now.Sub(s.provedAbsentAt) >= firstPollWait:", broken: "\tcase !s.released && s.provedAbsentAt.IsZero() && s.provedAbsentAt.After(now):",
		pkg: "./core/reconcile", test: "TestHeldIsNotClosedByEvents",
	}, {
		name: "held is not closed by events", file: "core/reconcile/ratelimit.go",
		old: "\tcase last.HeldRemovals > 0:", broken: "\tcase last.HeldRemovals > 0 && false:",
		pkg: "./core/reconcile", test: "TestHeldIsNotClosedByEvents",
	}, {
		name: "an event of a stranger", file: "core/reconcile/event.go",
		old: "\t\tif strange {\n", broken: "\t\tif strange && false {\n",
		pkg: "./core/reconcile", test: "TestEventOfAStranger",
	}}
}
