package config

import "time"

// DefaultOrgID is the organisation that every JumpServer has from the start.
const DefaultOrgID = "00000000-0000-0000-0000-000000000002"

// Default returns all settings with their defaults, which are defined nowhere else. It is not complete: JumpServer
// and at least one cloud must come from the user.
func Default() Config {
	return Config{
		Environment: Environment{Type: "DEVELOPMENT"},
		Language:    "zh",
		Timezone:    "Asia/Shanghai",
		StaleAfter:  10 * time.Minute,
		Timeout:     Timeout{Connect: 5 * time.Second, Request: 10 * time.Second, Run: 15 * time.Minute},
		JumpServer:  JumpServer{OrgID: DefaultOrgID, VerifySSL: true},
		Platforms:   Platforms{Linux: "Linux", Windows: "Windows", Other: "Other"},
		Sync: Sync{
			NameFrom:  NameFromInstance,
			FullEvery: time.Hour,
			Interval:  10 * time.Minute,
			Approval:  ApprovalNone,
			Manage: Manage{Name: FieldAlways, Address: FieldAlways, Zone: FieldMissing, AdoptedName: FieldCreate,
				Node: FieldCreate, Platform: FieldCreate, Port: FieldCreate, Labels: FieldCreate, Accounts: FieldCreate},
			Removal:   Removal{Mode: ModeDelete, Adopted: ModeDeactivate, Grace: 7 * 24 * time.Hour},
			Guard:     Guard{Percent: 20, Min: 3, Fleet: Fleet{Percent: 20, Min: 10}, Moves: Moves{Percent: 30, Min: 3}, PerRun: 50, Empty: EmptyHold},
			Writers:   8,
			BatchSize: 100,
		},
		Notification: Notification{On: "change", Window: 30 * time.Second, PageLink: 7 * 24 * time.Hour, DingTalk: DingTalk{Style: "table"}},
		Metrics:      Metrics{Job: "jms-sync"},
		Console:      DefaultConsole(),
		Log: Log{
			Level: "INFO", File: "logs/jms-sync.log", MaxSize: 10, BackupCount: 5,
			SeparateErrorLog: true,
		},
	}
}

// DefaultCloud returns an account with the defaults.
func DefaultCloud() Cloud { return Cloud{Enabled: true} }
