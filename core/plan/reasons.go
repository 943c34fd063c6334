package plan

// The reasons. The details that each takes are those of its words in texts.
const (
	NewInstance         Code = "new_instance"
	NewBeside           Code = "new_beside"
	FollowsCloud        Code = "follows_cloud"
	Returned            Code = "returned"
	ReturnedOff         Code = "returned_off"
	ReturnedUnproved    Code = "returned_unproved"
	GivesWay            Code = "gives_way"
	SwapStep            Code = "swap_step"
	NewShortened        Code = "new_shortened"
	NameShortened       Code = "name_shortened"
	NotHoldable         Code = "not_holdable"
	NamedOtherwise      Code = "named_otherwise"
	NameHeld            Code = "name_held"
	NoAddress           Code = "no_address"
	AddressesUnknown    Code = "addresses_unknown"
	NotWhitelisted      Code = "not_whitelisted"
	MarksTakenOff       Code = "marks_taken_off"
	NamedInComment      Code = "named_in_comment"
	NamedByLabel        Code = "named_by_label"
	AdoptedByID         Code = "adopted_by_id"
	AdoptedByName       Code = "adopted_by_name"
	AdoptedByAddress    Code = "adopted_by_address"
	ProofCompleted      Code = "proof_completed"
	Ambiguous           Code = "ambiguous"
	AmbiguousUnread     Code = "ambiguous_unread"
	AmbiguousInstances  Code = "ambiguous_instances"
	NamesAnother        Code = "names_another"
	OtherName           Code = "other_name"
	OnlyByAddress       Code = "only_by_address"
	OnlyByLabel         Code = "only_by_label"
	CommentFull         Code = "comment_full"
	OtherType           Code = "other_type"
	Released            Code = "released"
	Differs             Code = "differs"
	IsCopy              Code = "is_copy"
	OursUnproved        Code = "ours_unproved"
	LabelsAlone         Code = "labels_alone"
	OwnersDiffer        Code = "owners_differ"
	ProjectsDiffer      Code = "projects_differ"
	RegionsDiffer       Code = "regions_differ"
	ProjectNotAsked     Code = "project_not_asked"
	ProjectUnknown      Code = "project_unknown"
	Doubled             Code = "doubled"
	OtherRegion         Code = "other_region"
	NotMarkable         Code = "not_markable"
	InstanceGone        Code = "instance_gone"
	InstanceReleased    Code = "instance_released"
	GraceOver           Code = "grace_over"
	GoneAtOnce          Code = "gone_at_once"
	ScopeFailed         Code = "scope_failed"
	ScopeNotAsked       Code = "scope_not_asked"
	OtherOwner          Code = "other_owner"
	KeyOfAnother        Code = "key_of_another"
	SeveralOwners       Code = "several_owners"
	MarksOfAnother      Code = "marks_of_another"
	OthersNotAsked      Code = "others_not_asked"
	NotConfigured       Code = "not_configured"
	SwitchedOffAccount  Code = "switched_off_account"
	RegionNotConfigured Code = "region_not_configured"
	WrongNumber         Code = "wrong_number"
	NoOrphan            Code = "no_orphan"
	Retired             Code = "retired"
	NotProvable         Code = "not_provable"
	StillRuns           Code = "still_runs"
	SeenElsewhere       Code = "seen_elsewhere"
	GoneUnreadable      Code = "gone_unreadable"
	IsGateway           Code = "is_gateway"
	IsProtected         Code = "is_protected"
	IsProtectedName     Code = "is_protected_name"
	IsOwnHost           Code = "is_own_host"
	KeptByLabel         Code = "kept_by_label"
	GuardEarly          Code = "guard_early"
	Remembers           Code = "remembers"
	NoDelete            Code = "no_delete"
	SwitchedOn          Code = "switched_on"
	SwitchedOffAgain    Code = "switched_off_again"
	Reopened            Code = "reopened"
	OpenAlready         Code = "open_already"
	OffByHand           Code = "off_by_hand"
	OffBefore           Code = "off_before"
	ClosedSince         Code = "closed_since"
	MarksNotWhole       Code = "marks_not_whole"
	NoLongerOurs        Code = "no_longer_ours"
	LostForGood         Code = "lost_for_good"
	LostSince           Code = "lost_since"
	MadeAnew            Code = "made_anew"
	StaysDeactivated    Code = "stays_deactivated"
	NoRightToDelete     Code = "no_right_to_delete"
	AdoptedStays        Code = "adopted_stays"
	InGrace             Code = "in_grace"
	GuardShare          Code = "guard_share"
	GuardEmpty          Code = "guard_empty"
	GuardUnasked        Code = "guard_unasked"
	GuardLeak           Code = "guard_leak"
	GuardMissing        Code = "guard_missing"
	GuardRun            Code = "guard_run"
	GuardUnproven       Code = "guard_unproven"
	GuardWeak           Code = "guard_weak"
	GuardNotAsked       Code = "guard_not_asked"
	GuardContradicts    Code = "guard_contradicts"
	StillThere          Code = "still_there"
	ChangedMeanwhile    Code = "changed_meanwhile"
	GoneMeanwhile       Code = "gone_meanwhile"
	TimeUp              Code = "time_up"
	Interrupted         Code = "interrupted"
	NotAnswered         Code = "not_answered"
	FoundDeactivated    Code = "found_deactivated"
	FoundDeleted        Code = "found_deleted"
	// Of a whole run, see Trouble.
	RanOutOfTime   Code = "ran_out_of_time"
	WasInterrupted Code = "was_interrupted"
	RanUnanswered  Code = "ran_unanswered"
	RanOutOfRoom   Code = "ran_out_of_room"
	NearlyFull     Code = "nearly_full"
	OnlyDeactivate Code = "only_deactivate"
	RoomUsedUp     Code = "room_used_up"
	// SomeByLabelsAlone sums LabelsAlone up for the card.
	SomeByLabelsAlone Code = "some_by_labels_alone"
	NotReadAgain      Code = "not_read_again"
	GuardStorm        Code = "guard_storm"
	GuardHolds        Code = "guard_holds"
	NotReleased       Code = "not_released"
	EventLeak         Code = "event_leak"
	EventCrowd        Code = "event_crowd"
	EventUncounted    Code = "event_uncounted"
	// Of clocks: this machine's is compared with the clouds', see Limits.Clock.
	ClockAhead      Code = "clock_ahead"
	ClockBehind     Code = "clock_behind"
	ClockJumpServer Code = "clock_jumpserver"
	RefusedAhead    Code = "refused_ahead"
	RefusedBehind   Code = "refused_behind"
	RefusedByTime   Code = "refused_by_time"
	AsInCloud       Code = "as_in_cloud"
	WeaklyAbsent    Code = "weakly_absent"
	NothingToClose  Code = "nothing_to_close"
	NotShownYet     Code = "not_shown_yet"
	ReleaseNotSeen  Code = "release_not_seen"
	NotOurAccount   Code = "not_our_account"
	AlreadyThere    Code = "already_there"
	GuardParts      Code = "guard_parts"
	GuardBudget     Code = "guard_budget"
	// Of what a person has announced.
	GuardExpected Code = "guard_expected"
	ExpectStands  Code = "expect_stands"
	// Of what a person has paused.
	GuardPaused          Code = "guard_paused"
	PausedAll            Code = "paused_all"
	PausedRemovals       Code = "paused_removals"
	PauseUnreadable      Code = "pause_unreadable"
	PausedAllMeans       Code = "paused_all_means"
	PausedRemovalsMeans  Code = "paused_removals_means"
	PauseUnreadableMeans Code = "pause_unreadable_means"
	PauseEnded           Code = "pause_ended"
	PauseUntil           Code = "pause_until"
	PauseOpen            Code = "pause_open"
	PauseReason          Code = "pause_reason"
	PauseNoReason        Code = "pause_no_reason"
	// Of what a person is to approve.
	GuardAsks       Code = "guard_asks"
	AsksAll         Code = "asks_all"
	ChangedSince    Code = "changed_since"
	NotReviewed     Code = "not_reviewed"
	NoLongerPlanned Code = "no_longer_planned"
	HeldInFile      Code = "held_in_file"
	// Of where new assets go, and of what they are made.
	NodeNew          Code = "node_new"
	NodeNewOrRenamed Code = "node_new_or_renamed"
	NodeAnew         Code = "node_anew"
	NodeInDoubt      Code = "node_in_doubt"
	NodeReplaced     Code = "node_replaced"
	NodeElsewhere    Code = "node_elsewhere"
	NoPlatform       Code = "no_platform"
	// Of rows of JumpServer's label page, see LabelUsage.
	LabelUnused       Code = "label_unused"
	LabelCarried      Code = "label_carried"
	LabelHeld         Code = "label_held"
	LabelStillWritten Code = "label_still_written"
	LabelShared       Code = "label_shared"
	LabelUnreadable   Code = "label_unreadable"
	LabelEdited       Code = "label_edited"
	LabelNotPruned    Code = "label_not_pruned"
	LabelMeanwhile    Code = "label_meanwhile"
)

type texts struct{ zh, en string }

// textsOf gives the words for a code. The list is inside a function, because packages hold no
// state that could be changed, and no map, because one would be built at each call.
func textsOf(code Code) (texts, bool) {
	for _, t := range [...]struct {
		code Code
		texts
	}{
		{NewInstance, texts{"云上新增的实例", "new in the cloud"}},
		{NewBeside, texts{"云上新增的实例；同一地址已有别的资产 %s（若是同一台，先用 jms-sync adopt 认领）", "new in the cloud; asset %s, which is not ours, has the same address (if it is the same machine, adopt it first)"}},
		{FollowsCloud, texts{"与云上不一致：%s", "differs from the cloud: %s"}},
		{Returned, texts{"实例又出现了，重新启用", "the instance is back: active again"}},
		{ReturnedOff, texts{"实例又出现了；停用前已被人工关闭，保持关闭", "the instance is back; a person had switched the asset off before, it stays off"}},
		{ReturnedUnproved, texts{"实例又出现了；标签不能证明资产是由我们停用的，保持关闭，请人工启用",
			"the instance is back; the labels do not show that we switched the asset off, it stays off until a person switches it on"}},
		{GivesWay, texts{"名称让给在用的资产 %s", "gives its name to the active asset %s"}},
		{SwapStep, texts{"名称互换的中间步骤", "a step in swapping names"}},
		{NewShortened, texts{"%s；JumpServer 的数据库存不下名称 %s 里的四字节字符（emoji、生僻字），已去掉", "%s; JumpServer's database cannot hold the signs of four bytes (emoji, rare Han) in its name %s, which are left out"}},
		{NameShortened, texts{"JumpServer 的数据库存不下云上名称 %s 里的四字节字符（emoji、生僻字），名称里没有它们", "JumpServer's database cannot hold the signs of four bytes (emoji, rare Han) in the cloud's name %s: the asset's is without them"}},
		{NotHoldable, texts{"JumpServer 的数据库存不下账号名 %s 里的四字节字符（emoji、生僻字），不创建：请在配置里给账号改名，或把数据库改成 utf8mb4", "JumpServer's database cannot hold the signs of four bytes (emoji, rare Han) in the account's name %s: not created; rename the account in the configuration, or give the database utf8mb4"}},
		{NamedOtherwise, texts{"%s；名称 %s 已被别的资产占用（大小写、重音不同也可能算同名）", "%s; another asset has the name %s, perhaps in another spelling that JumpServer takes for the same"}},
		{NameHeld, texts{"名称 %s 已被别的资产占用（大小写、重音不同也可能算同名），保留现名", "another asset has the name %s, perhaps in another spelling that JumpServer takes for the same: it keeps its own"}},
		{NoAddress, texts{"实例还没有 IP 地址，暂不创建", "the instance has no address yet: not created"}},
		{AddressesUnknown, texts{"云的列表漏掉了该实例的网卡或公网 IP，地址这次不作改动（新实例暂不创建），下次再看", "the cloud's lists left out an interface or a public address of the instance: its address is left as it is (a new one is not created), until they show it"}},
		{NotWhitelisted, texts{"不在白名单内", "not in the whitelist"}},
		{MarksTakenOff, texts{"资产 %s 的 jms-* 标签被人移除，不再改动（可用 jms-sync adopt 认领）", "asset %s has our id, but a person took our labels off or released it (jms-sync adopt can take it over)"}},
		{NamedInComment, texts{"已有资产 %s 的备注写着该实例 ID，不重复创建（可用 jms-sync adopt 认领）", "asset %s names this instance in its comment: not doubled (jms-sync adopt can take it over)"}},
		{NamedByLabel, texts{"资产 %s 的标签写着该实例 ID，地址也相同，但备注没有写，标签不足为凭：不重复创建，也不改动它（确认是同一台：jms-sync adopt --by-address）",
			"a label of asset %s names this instance and the address is the same, but its comment does not name it, and labels prove nothing: not doubled, and left alone (if it is this machine: jms-sync adopt --by-address)"}},
		{AdoptedByID, texts{"认领：资产 ID 由该实例算出，标签曾被移除", "adopted: the asset's id is made of the instance, its labels were taken off"}},
		{AdoptedByName, texts{"认领：备注里有该实例 ID", "adopted: its comment names the instance"}},
		{AdoptedByAddress, texts{"认领：网域、地址与名称相同，地址在资产与实例中都唯一", "adopted: the same zone, address and name, the address unique among assets and instances"}},
		{ProofCompleted, texts{"已认领，备注里还缺证明归属的几行", "adopted before; its comment lacks some of the lines that prove whose it is"}},
		{Ambiguous, texts{"不认领：无法确定是哪一个（资产 %s）", "not adopted: it is not certain which one (assets %s)"}},
		{AmbiguousUnread, texts{"不认领：只有网域与地址相同，而账号 %s 区域 %s 本次读取失败，不能确定唯一", "not adopted: only zone and address are the same, and account %s region %s could not be read, so that nobody knows whether they are unique"}},
		{AmbiguousInstances, texts{"不认领：该资产对应几台实例（%s）", "not adopted: the asset may be that of several instances (%s)"}},
		{NamesAnother, texts{"不认领：地址相同，但资产 %s 写着别的实例 ID（地址可能被重新分配）", "not adopted: the address is the same, but asset %s names another instance (the address may have been used again)"}},
		{OtherName, texts{"不认领：地址相同，但名称不同，可能是另一台机器（资产 %s）", "not adopted: the address is the same, but the names differ, it may be another machine (asset %s)"}},
		{OnlyByAddress, texts{"不认领：资产 %s 只有网域、地址与名称相同；确认是同一台之后加上 --by-address", "not adopted: of asset %s just zone, address and name are the same; --by-address, once you know that it is this machine"}},
		{OnlyByLabel, texts{"不认领：资产 %s 只有标签写着该实例 ID，能改标签的人都能写；确认是同一台：在备注里写上 instance_id: <实例 ID>，或地址与名称相同时加上 --by-address",
			"not adopted: of asset %s just a label names the instance, and whoever may set labels can write it; if it is this machine, write instance_id: <its id> into the comment, or where address and name are the same, add --by-address"}},
		{CommentFull, texts{"不认领：备注太长，写不下证明它是哪台实例的几行", "not adopted: its comment has no room for the lines that prove of which instance it is"}},
		{OtherType, texts{"不认领：地址相同，但资产 %s 的平台类型与云上的系统不符", "not adopted: the address is the same, but the platform of asset %s contradicts the system in the cloud"}},
		{Released, texts{"放手：移除 jms-* 标签，不删除", "released: our labels are taken off, nothing is deleted"}},
		{Differs, texts{"与云上不同，由人管理，不覆盖：%s", "differs from the cloud where people have the say, left as it is: %s"}},
		{IsCopy, texts{"不是我们的资产：带有 jms-* 标签，但 ID 不符（从别的资产复制而来），不改动", "not ours: it carries our labels, but its id is another one (a copy); left alone"}},
		{OursUnproved, texts{"保留：带有我们的标签，但备注被改动，无法证实它是哪台实例，不改动（实例还在时自动补标签 jms-instance；否则在备注里写回 instance_id: <实例 ID>）",
			"kept: it has our labels, but its comment was changed and nothing proves of which instance it is; left alone (while the instance is listed it gets the label jms-instance; else write instance_id: <its id> back into the comment)"}},
		{LabelsAlone, texts{"不改动：标签说它是实例 %s，资产 ID 与备注都不能证明；如果是，执行 jms-sync adopt --by-address（实例已不在：在备注里写 instance_id: <实例 ID>），否则移除它的 jms-* 标签",
			"left alone: labels say that it is instance %s, neither its id nor its comment proves it; if it is, jms-sync adopt --by-address (instance gone: write instance_id: <its id> into the comment), else take its jms-* labels off"}},
		{SomeByLabelsAlone, texts{"%d 个资产只有标签说是我们的，资产 ID 与备注都不能证明（%s）：不改动；可能是有人伪造，逐个的说明见 jms-sync plan", "%d assets are ours by their labels alone, which neither their ids nor their comments prove (%s): left alone; somebody may have forged them, jms-sync plan says more of each"}},
		{OwnersDiffer, texts{"保留：标签 jms-owner 说云账号 %s，备注说 %s；两者不一致时不移除，请改正其中错的一个",
			"kept: the label jms-owner says cloud account %s, the comment says %s; nothing is removed while they differ: correct the wrong one"}},
		{ProjectsDiffer, texts{"保留：标签 jms-project 说项目 %s，备注说 %s；两者不一致时不移除，请改正其中错的一个",
			"kept: the label jms-project says project %s, the comment says %s; nothing is removed while they differ: correct the wrong one"}},
		{RegionsDiffer, texts{"保留：标签 jms-region 说区域 %s，备注说 %s；两者不一致时不移除，请改正其中错的一个",
			"kept: the label jms-region says region %s, the comment says %s; nothing is removed while they differ: correct the wrong one"}},
		{ProjectNotAsked, texts{"保留：它在项目 %s，配置不再查询这个项目（project_id 改过？），无从证实已释放",
			"kept: it is in project %s, which is no longer asked (was project_id changed?): nothing proves that it is released"}},
		{ProjectUnknown, texts{"保留：由旧版本创建，没有记下项目；实例还在时会补上标签 jms-project，此前无从证实已释放（请人工确认）",
			"kept: an earlier version made it and did not note its project; it learns it while its instance is listed, until then nothing proves that it is released (a person must look)"}},
		{Doubled, texts{"保留：该实例已由资产 %s 对应，同一实例有两个资产，请人工处理", "kept: asset %s is that of its instance, which has two; a person must decide"}},
		{OtherRegion, texts{"该实例已有资产，标签中的区域是 %s", "the instance already has an asset, in region %s"}},
		{NotMarkable, texts{"账号、区域或实例 ID 不能写成标签（1–64 个字符，不含冒号与逗号）", "account, region or instance id cannot be a label (1 to 64 characters, no colon, no comma)"}},
		{InstanceReleased, texts{"按实例 ID 两次查询，证实已释放", "asked for twice by its id: released"}},
		{InstanceGone, texts{"完整列表中没有该实例，且按 ID 查询证实已释放", "absent from a complete listing, proved by its id"}},
		{GraceOver, texts{"停用于 %s，宽限期已过", "deactivated at %s, the grace is over"}},
		{GoneAtOnce, texts{"完整列表中没有该实例，且按 ID 查询证实已释放（宽限期为 0）", "absent from a complete listing, proved by its id (no grace)"}},
		{ScopeFailed, texts{"保留：账号 %s 区域 %s 本次读取失败", "kept: account %s region %s could not be read"}},
		{ScopeNotAsked, texts{"保留：账号 %s 区域 %s 本次没有查询", "kept: account %s region %s was not asked for"}},
		{NotConfigured, texts{"保留：配置中没有账号 %s", "kept: the configuration has no account %s"}},
		{SwitchedOffAccount, texts{"保留：配置中账号 %s 已停用", "kept: the account %s is switched off in the configuration"}},
		{RegionNotConfigured, texts{"保留：配置中账号 %s 没有区域 %s", "kept: in the configuration the account %s does not have region %s"}},
		{NotProvable, texts{"%s：没有云可以查询，无从证实实例已释放，不删除（配回账号再执行，或由人在 JumpServer 里删除）",
			"%s: no cloud can be asked, nothing proves that its instance is released, it is not deleted (configure the account again, or delete the asset in JumpServer yourself)"}},
		{WrongNumber, texts{"现在要移除的是 %d 个资产，不是 %d 个，什么都没有写入：请再看一遍表格", "%d assets are to be removed now, not %d; nothing was written: look at the table again"}},
		{NoOrphan, texts{"账号 %s（或该区域）仍在配置中启用，其资产由同步管理，不能 retire；账号仍启用时请写明已不在配置中的 --region", "account %s (or this region of it) is configured and enabled, its assets are looked after and cannot be retired; name a --region that it no longer has"}},
		{Retired, texts{"人工执行 retire：账号或区域已不在配置中", "a person retires it: its account or region is not configured"}},
		{OthersNotAsked, texts{"保留：账号 %s 可能属于同一云账号，本次没有查询（写上 account_id 可以区分）", "kept: account %s may be of the same owner and was not asked (account_id tells them apart)"}},
		{OtherOwner, texts{"保留：资产属于云账号 %s，而当前密钥属于 %s", "kept: it belongs to cloud account %s, the key to %s"}},
		{KeyOfAnother, texts{"账号 %[1]s 的密钥属于云账号 %[2]s，而它一直是 %[3]s：没有创建、也没有移除任何资产。密钥放错了请换回；确实改用云账号 %[2]s 时，写上 account_id，或运行 jms-sync owner accept %[1]s",
			"the key of account %[1]s belongs to cloud account %[2]s, and it was %[3]s until now: nothing was made, nothing removed. If the key is the wrong one, put the right one back; if %[2]s is meant, set account_id, or run jms-sync owner accept %[1]s"}},
		{SeveralOwners, texts{"账号 %[1]s 的资产标着不止一个云账号（%[2]s），密钥属于 %[3]s：没有创建、也没有移除任何资产。确认 %[3]s 是对的之后，写上 account_id，或运行 jms-sync owner accept %[1]s",
			"assets of account %[1]s are marked with several cloud accounts (%[2]s), its key belongs to %[3]s: nothing was made, nothing removed. If %[3]s is right, set account_id, or run jms-sync owner accept %[1]s"}},
		{MarksOfAnother, texts{"账号 %[1]s 是云账号 %[2]s，而它的资产标着 %[3]s（标签 jms-owner 被改过？）：没有创建、也没有移除任何资产。请改回标签；确认 %[2]s 是对的之后，也可以写上 account_id，或运行 jms-sync owner accept %[1]s",
			"account %[1]s is cloud account %[2]s, and its assets are marked with %[3]s (was the label jms-owner edited?): nothing was made, nothing removed. Correct the label; or, if %[2]s is right, set account_id, or run jms-sync owner accept %[1]s"}},
		{StillRuns, texts{"不处理：实例还在（%s 的列表里）", "refused: its instance is there, in the listing of %s"}},
		{SeenElsewhere, texts{"保留：实例出现在 %s 的列表中", "kept: the instance is in the listing of %s"}},
		{GoneUnreadable, texts{"保留：标签 jms-gone 无法识别", "kept: its label jms-gone cannot be read"}},
		{IsGateway, texts{"保留：它是网关", "kept: it is a gateway"}},
		{IsProtected, texts{"保留：受 protected_ips 保护", "kept: protected by protected_ips"}},
		{IsProtectedName, texts{"保留：名称受 protected_names 保护（%s）", "kept: its name is protected by protected_names (%s)"}},
		{IsOwnHost, texts{"保留：它是 JumpServer 自己的主机", "kept: it is a host of JumpServer itself"}},
		{KeptByLabel, texts{"保留：标签 jms-keep:%s", "kept: its label jms-keep says %s"}},
		{GuardEarly, texts{"暂缓一次：宽限期缩短或改为删除，比停用时告知的时间提前到期；不改回设置，%s 之后删除", "held once: a shorter grace, or deletion switched on, makes it due earlier than was told when it was deactivated; deleted after %s unless the settings are put back"}},
		{Remembers, texts{"用标签记下状态，供以后的同步判断", "labels remember something for later runs"}},
		{NoDelete, texts{"保留：已设置 no_delete", "kept: no_delete is set"}},
		{SwitchedOn, texts{"保留：停用后又被人工启用", "kept: a person switched it on again"}},
		{SwitchedOffAgain, texts{"保留：停用后被人工启用、又被人工停用；不再自动删除", "kept: a person switched it on again, and off later; no run deletes it"}},
		{Reopened, texts{"重新启用：停用于 %s；保持启用，直到实例重新出现在列表里", "switched on again: deactivated at %s; it stays open until its instance is listed again"}},
		{OpenAlready, texts{"不处理：它已经是启用的", "left: it is active already"}},
		{OffByHand, texts{"不处理：没有我们的停用标记（jms-gone），是人停用的，或标记被人取下", "left: it has no mark of ours (jms-gone): a person switched it off, or took the mark away"}},
		{OffBefore, texts{"不处理：我们停用之前，人已经停用了它（jms-off）", "left: a person had switched it off before we did (jms-off)"}},
		{ClosedSince, texts{"不处理：它不是这一次停用的，标记说停用于 %s", "left: it was not closed by this run; its mark says %s"}},
		{MarksNotWhole, texts{"不处理：认领的资产，停用标记不完整，看不出是我们停用的", "left: it is adopted, and its marks are not whole: they do not show that we switched it off"}},
		{NoLongerOurs, texts{"不处理：资产 %s 不再带有我们的标签，被人改过", "left: the asset %s no longer carries our labels; a person changed it"}},
		{LostForGood, texts{"无法恢复：已被删除，JumpServer 里它的账号与密码、对它单独的授权、它所在的节点随之失去；实例还在时，下一次同步会新建一个空的资产", "cannot be brought back: it was deleted, and with it its accounts and their secrets, access rules that name it, and its nodes; if its instance is there the next run makes an empty asset"}},
		{LostSince, texts{"无法恢复：停用之后资产已被删除，账号与密码、对它单独的授权随之失去", "cannot be brought back: it was deleted since, and with it its accounts and their secrets, and access rules that name it"}},
		{MadeAnew, texts{"不处理：这一次删除的资产之后又被新建，原来的账号与授权没有回来", "left: the asset that was deleted has been made anew since; its former accounts and access rules did not come back"}},
		{StaysDeactivated, texts{"停用于 %s，按配置不删除", "deactivated at %s; never deleted by configuration"}},
		{NoRightToDelete, texts{"停用于 %s，JumpServer 的密钥没有删除权限，不删除", "deactivated at %s; not deleted, as JumpServer's key may not delete"}},
		{AdoptedStays, texts{"停用于 %s；认领的资产不自动删除（jms-sync retire --adopted 列出可删除的；sync.removal.adopted）",
			"deactivated at %s; an adopted asset is not deleted by runs (jms-sync retire --adopted lists those that may go; sync.removal.adopted)"}},
		{InGrace, texts{"停用于 %s，%s 之后删除", "deactivated at %s, to be deleted after %s"}},
		{GuardShare, texts{"暂缓：该区域将失去 %d/%d 个资产，超过 %d%%", "held: the scope would lose %d of %d assets, more than %d%%"}},
		{GuardEmpty, texts{"暂缓：该区域列表为空，而 JumpServer 中有 %d 个资产", "held: the scope is empty, JumpServer has %d assets of it"}},
		{GuardUnasked, texts{"暂缓：没有密钥，%d 个资产的实例都无从查询", "held: there is no key, and %d assets are left whose instances nobody can be asked for"}},
		{GuardLeak, texts{"暂缓：该区域 24 小时内将共失去 %d/%d 个资产（其中 %d 个已停用），超过 %d%%", "held: within 24 hours the scope would have lost %d of %d assets (%d of them are deactivated already), more than %d%%"}},
		{GuardMissing, texts{"暂缓：该区域变空（原有 %d 个资产），首次证实已释放于 %s，%s 之后的同步再次证实即移除", "held: the scope has become empty (it had %d assets); first proved released at %s, removed by a run after %s that proves it again"}},
		{GuardRun, texts{"暂缓：本次共要移除 %d 个资产，超过上限 %d", "held: the run would remove %d assets, more than %d"}},
		{GuardUnproven, texts{"暂缓：按 ID 查询未能证实已释放（%s）", "held: asking by id gave no proof (%s)"}},
		{GuardWeak, texts{"暂缓：只有一种查询说它已释放（%s）；首次于 %s，%s 之后的同步再次得出同样结论即移除", "held: one kind of question alone says that it is gone (%s); first heard at %s, removed by a run after %s that hears the same again"}},
		{GuardNotAsked, texts{"暂缓：没有按 ID 查询", "held: it was not asked for by id"}},
		{GuardContradicts, texts{"暂缓：列表漏掉了 %s，本次不信任该区域的列表", "held: the listing left out %s, so it is not trusted in this run"}},
		{StillThere, texts{"保留：按 ID 查询时实例仍在，列表漏掉了它", "kept: asked by id, the instance is there; the listing left it out"}},
		{ChangedMeanwhile, texts{"保留：计划之后资产被改动（%s）", "kept: the asset was changed after the plan (%s)"}},
		{GoneMeanwhile, texts{"资产已不存在", "the asset no longer exists"}},
		{TimeUp, texts{"时间用完，下次继续", "time ran out; goes on next time"}},
		{NotAnswered, texts{"JumpServer 没有及时应答，可能已经执行，由下一次同步查明", "JumpServer did not answer in time; it may have been made, which the next run finds out"}},
		{FoundDeactivated, texts{"由之前的一次同步停用，当时没有收到应答或没能通知", "deactivated by an earlier run, whose answer was lost or which could not tell it"}},
		{FoundDeleted, texts{"由之前的一次同步删除，当时没有收到应答或没能通知", "deleted by an earlier run, whose answer was lost or which could not tell it"}},
		{RanUnanswered, texts{"%d 项变更：JumpServer 没有及时应答，可能已经执行", "%d changes: JumpServer did not answer in time; they may have been made"}},
		{Interrupted, texts{"被中断（收到终止信号），下次继续", "interrupted (told to stop); goes on next time"}},
		{WasInterrupted, texts{"被中断（收到终止信号）：处理了 %d/%d 项变更，其余 %d 项下次继续", "interrupted (told to stop): %d of %d changes were handled, %d go on next time"}},
		{RanOutOfTime, texts{"处理了 %d/%d 项变更，其余 %d 项下次继续", "%d of %d changes were handled, %d go on next time"}},
		{RanOutOfRoom, texts{"JumpServer 的资产数已达上限，%d 台实例没有资产", "JumpServer's number of assets is used up: %d instances have no asset"}},
		{OnlyDeactivate, texts{"JumpServer 的密钥没有删除资产的权限：只停用、不删除（等同 mode: deactivate）",
			"JumpServer's key may not delete assets: they are deactivated only (as with mode: deactivate)"}},
		{NearlyFull, texts{"JumpServer 已有 %d 个资产，社区版上限 %d 个", "JumpServer holds %d assets; its community edition takes %d"}},
		{RoomUsedUp, texts{"JumpServer 资产数已达上限，未创建", "JumpServer's number of assets is used up: not created"}},
		{AlreadyThere, texts{"资产已经存在（可能由另一次同步创建）", "the asset is there already (another run may have made it)"}},
		{AsInCloud, texts{"与云上一致，无需改动", "as in the cloud"}},
		{WeaklyAbsent, texts{"只有一种查询说它已释放（%s），留给完整同步再次证实", "one kind of question alone says that it is gone (%s); left to full runs, which ask again"}},
		{NothingToClose, texts{"实例已释放，没有启用的资产", "released; there is no active asset"}},
		{NotShownYet, texts{"云上还看不到这个变化，留给下一次完整同步", "the cloud does not show it yet; left to the next full run"}},
		{ReleaseNotSeen, texts{"云上还看不到这次释放，资产仍启用：请平台重新投递", "the cloud does not show this release yet, and the asset is open: to be delivered again"}},
		{NotOurAccount, texts{"没有 ID 为 %s 且读取 %s 的启用账号", "no enabled account has the id %s and lists %s"}},
		{ClockAhead, texts{"时钟：与 %s 相比，本机快 %s。宽限期与再次确认都按本机时钟计算，所以这次不停用、不删除任何资产，批准也不放行；请校准本机时钟（NTP）",
			"clock: compared with %s this machine is %s ahead. Graces and second looks are counted by it, so that nothing is deactivated or deleted now, whatever was approved; set this machine's clock right (NTP)"}},
		{ClockBehind, texts{"时钟：与 %s 相比，本机慢 %s。宽限期与再次确认都按本机时钟计算，所以这次不停用、不删除任何资产，批准也不放行；请校准本机时钟（NTP）",
			"clock: compared with %s this machine is %s behind. Graces and second looks are counted by it, so that nothing is deactivated or deleted now, whatever was approved; set this machine's clock right (NTP)"}},
		{ClockJumpServer, texts{"时钟：JumpServer 与本机相差 %s，而云没有说本机不准；同步照常进行，请校准 JumpServer 所在主机的时钟（NTP）",
			"clock: JumpServer's differs from this machine's by %s, and no cloud says that this machine is wrong; the run goes on; set the clock of JumpServer's host right (NTP)"}},
		{RefusedAhead, texts{"云因时间拒绝请求，不是密钥的问题：本机时钟快 %s，请校准（NTP）", "the cloud refuses the time of the request, not the key: this machine's clock is %s ahead, set it right (NTP)"}},
		{RefusedBehind, texts{"云因时间拒绝请求，不是密钥的问题：本机时钟慢 %s，请校准（NTP）", "the cloud refuses the time of the request, not the key: this machine's clock is %s behind, set it right (NTP)"}},
		{RefusedByTime, texts{"云因时间拒绝请求，不是密钥的问题：请核对本机时钟（NTP）", "the cloud refuses the time of the request, not the key: check this machine's clock (NTP)"}},
		{GuardStorm, texts{"暂缓：该账号 10 分钟内已停用 %d 个资产，其余等下一次完整同步", "held: %d assets of the account were deactivated within 10 minutes; further ones wait for the next full run"}},
		{GuardHolds, texts{"暂缓：上一次完整同步在该区域暂缓了 %d 个移除，事件不越过它；由下一次完整同步或人决定", "held: the last full run held %d removals of this scope, and no event passes that; the next full run or a person decides"}},
		{EventLeak, texts{"暂缓：加上这一个，该区域 24 小时内将共停用 %d/%d 个资产（其中 %d 个已停用），超过 %d%%，事件不越过它；由下一次完整同步或人决定",
			"held: with this one %d of %d assets of the scope would be deactivated within 24 hours (%d of them are already), more than %d%%, and no event passes that; the next full run or a person decides"}},
		{EventCrowd, texts{"暂缓：该账号 24 小时内停用的资产多于一页（%d 个），数不清该区域的份额；由下一次完整同步或人决定",
			"held: more assets of the account were deactivated within 24 hours than one page shows (%d), so that the scope's share is not known; the next full run or a person decides"}},
		{EventUncounted, texts{"暂缓：数不出该区域 24 小时内停用了多少资产（%s），事件不停用；留给下一次完整同步",
			"held: how many assets of the scope were deactivated within 24 hours could not be counted (%s), so that no event closes one; left to the next full run"}},
		{NotReleased, texts{"云上看不到该实例，但事件没有说已释放：不停用，留给下一次完整同步", "the cloud does not show the instance, but the event does not say that it was released: not closed, left to the next full run"}},
		{GuardParts, texts{"暂缓：其他部分要移除 %d 个资产，加上这一部分的 %d 个，超过一次运行的上限 %d", "held: the other parts would remove %d assets, with the %d of this part that is more than the %d of one run"}},
		{GuardBudget, texts{"暂缓：读写不了各部分共用的移除额度（%s）", "held: the removals that all parts share could not be counted (%s)"}},
		{GuardExpected, texts{"暂缓：宣布到 %s 为止最多移除 %d 个，还剩 %d 个，而现在有 %d 个：超过了宣布的数，整个区域都不移除", "held: until %s up to %d removals were announced, %d of them are left, and %d are due: more than was announced, so none of the scope is removed"}},
		{ExpectStands, texts{"已宣布的下线：%s/%s 到 %s 为止最多移除 %d 个，还剩 %d 个（%s；%s）", "announced for %s/%s until %s: up to %d removals, %d of them are left (by %s; %s)"}},
		{GuardPaused, texts{"暂缓（有人暂停了）：%s", "held (somebody paused it): %s"}},
		{PausedAll, texts{"已暂停全部写入（%s 于 %s，%s；%s）", "all writes are paused (by %s at %s, %s; %s)"}},
		{PausedRemovals, texts{"已暂停移除（%s 于 %s，%s；%s）", "removals are paused (by %s at %s, %s; %s)"}},
		{PauseUnreadable, texts{"读不了暂停状态（%s）", "what is paused cannot be read (%s)"}},
		{PausedAllMeans, texts{"%s：只查询、计划和通知，JumpServer 里什么都不改；jms-sync resume 恢复", "%s: runs list, plan and tell, and change nothing in JumpServer; jms-sync resume ends it"}},
		{PausedRemovalsMeans, texts{"%s：照常新增和更新，不停用、不删除任何资产，批准也不放行；jms-sync resume 恢复", "%s: assets are made and updated as ever, none is deactivated or deleted, approved or not; jms-sync resume ends it"}},
		{PauseUnreadableMeans, texts{"%s：可能有人暂停了同步，所以不停用、不删除任何资产；修好状态存储，或运行 jms-sync resume", "%s: somebody may have paused it, so nothing is deactivated or deleted; mend the state store, or run jms-sync resume"}},
		{PauseEnded, texts{"%s：已到期，同步照常进行", "%s: it is over, and runs work as ever"}},
		{PauseUntil, texts{"到 %s 为止", "until %s"}},
		{PauseOpen, texts{"直到 resume", "until resumed"}},
		{PauseReason, texts{"原因：%s", "reason: %s"}},
		{PauseNoReason, texts{"没有写原因", "no reason is given"}},
		{GuardAsks, texts{"暂缓：按 sync.approval，每次移除都要先批准", "held: sync.approval asks for approval of every removal"}},
		{AsksAll, texts{"暂缓（%s）：按 sync.approval: all，须经 jms-sync plan -o 与 apply 执行", "held (%s): with sync.approval: all it is made by jms-sync plan -o and apply"}},
		{ChangedSince, texts{"未执行（%s）：计划文件之后有变化，与文件中的不同", "not made (%s): changed since the plan's file, it is another change now"}},
		{NotReviewed, texts{"未执行（%s）：不在计划文件中", "not made (%s): it is not in the plan's file"}},
		{NoLongerPlanned, texts{"未执行（%s）：计划文件之后有变化，现在已无需改动", "not made (%s): changed since the plan's file, there is nothing to do any more"}},
		{HeldInFile, texts{"暂缓：在计划文件里就是暂缓的，加上 --include-held 才执行", "held: it is held in the plan's file, and made with --include-held only"}},
		{NodeNew, texts{"新节点 %s：还没有人能通过它访问资产，请在 JumpServer 里给它授权", "new node %s: nobody has access by it yet; name it in an access rule"}},
		{NodeNewOrRenamed, texts{"新节点 %s：还没有人能通过它访问资产，请在 JumpServer 里给它授权（没有状态存储时认不出改了名的节点）", "new node %s: nobody has access by it yet; name it in an access rule (without a state store a renamed node is not recognised)"}},
		{NodeAnew, texts{"新节点 %s：还没有人能通过它访问资产；原来的节点已被删除，它的授权不会转到新节点", "new node %s: nobody has access by it yet; the node used so far was deleted, its access rules do not name the new one"}},
		{NodeInDoubt, texts{"新节点 %s：还没有人能通过它访问资产；状态存储读不了（%s），不知道原来的节点是否只是改了名", "new node %s: nobody has access by it yet; the state store could not be read (%s), so that it is not known whether its node was only renamed"}},
		{NodeReplaced, texts{"节点 %s：原来的已被删除，改用现在位于该路径的另一个节点", "node %s: the one used so far was deleted, that which is at the path now is used"}},
		{NodeElsewhere, texts{"配置中的节点 %s 现在是 %s（改过名或移动过），新资产放在那里", "the node configured as %s is %s now (renamed or moved); new assets go there"}},
		{NoPlatform, texts{"账号 %s：JumpServer 里没有平台 %s，请创建它，或改正配置里的 platforms", "account %s: JumpServer has no platform %s; make it, or correct platforms in the configuration"}},
		{LabelUnused, texts{"没有资产使用", "nothing has it"}},
		{LabelCarried, texts{"保留：有资产在使用", "kept: assets have it"}},
		{LabelHeld, texts{"保留：JumpServer 说 %s 在使用它", "kept: JumpServer says that %s has it"}},
		{LabelStillWritten, texts{"保留：其中的时间还没有过去一天，正在运行的同步可能要写它", "kept: its time has not been over for a day; a run that is still going may write it"}},
		{LabelShared, texts{"保留：不删除的资产共用这个标签", "kept: all assets that are never deleted share it"}},
		{LabelUnreadable, texts{"保留：值不是我们写的时间，看不懂", "kept: its value is no time that we write"}},
		{LabelEdited, texts{"保留：有颜色或备注，是人加的", "kept: it has a colour or a comment, which people added"}},
		{LabelNotPruned, texts{"保留：不是可以清理的标签", "kept: it is none of the labels that may be removed"}},
		{LabelMeanwhile, texts{"保留：列出之后有了资产、被改动或已不存在", "kept: since it was listed something got it, or it was edited, or it is gone"}},
		{NotReadAgain, texts{"保留：写入前未能重新读取资产", "kept: it could not be read again before the write"}},
	} {
		if t.code == code {
			return t.texts, true
		}
	}
	return texts{}, false
}
