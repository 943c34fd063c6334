package inventory

// AccessRule is one access rule of JumpServer (资产授权规则) that is switched on and not expired.
type AccessRule struct {
	ID, Name string
	// Users and Groups are how many the rule itself names; members of the groups are not among Users.
	Users, Groups int
	// LoginDenied says that the rule names no account: its people see the hosts and cannot log in.
	LoginDenied bool
}

// AccessMembers are those to whom a rule gives its hosts.
type AccessMembers struct {
	Users  []Member // all of them, members of the groups among them
	Groups []Member
}

// Member is a user of JumpServer, or a group of users.
type Member struct{ ID, Name string }

// AccessGrant is an access rule with what it names itself, ancestors of nodes and members of groups not resolved.
type AccessGrant struct {
	AccessRule
	NodeIDs  []string
	AssetIDs []string
	Members  AccessMembers
}
