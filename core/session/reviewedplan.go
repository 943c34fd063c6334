package session

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/state"
)

const (
	// ReviewedPlanVersion is that of a ReviewedPlan.
	ReviewedPlanVersion = 2
	// ReviewedPlanTTL is how long a plan can be applied.
	ReviewedPlanTTL = 24 * time.Hour
)

// ReviewedPlan is the changes that a person reviews. Its hash covers all other fields, which shows whether it was cut short
// or edited since.
type ReviewedPlan struct {
	Version      int               `json:"version"`
	CreatedAt    time.Time         `json:"created_at"`
	JumpServer   string            `json:"jumpserver"`
	Organisation string            `json:"organisation"`
	Remap        bool              `json:"remap,omitempty"` // made by plan --remap
	Changes      []plan.ReviewLine `json:"changes"`
	Hash         string            `json:"hash"`
}

// NewReviewedPlan returns the plan of changes for a JumpServer.
func NewReviewedPlan(to config.JumpServer, changes []plan.ReviewLine, remap bool, now time.Time) ReviewedPlan {
	p := ReviewedPlan{
		Version: ReviewedPlanVersion, CreatedAt: now.UTC().Truncate(time.Second), JumpServer: to.URL, Organisation: to.OrgID, Remap: remap, Changes: changes,
	}
	p.Hash = p.ComputeHash()
	return p
}

// ComputeHash returns the hash that the plan should have.
func (p ReviewedPlan) ComputeHash() string {
	p.Hash = ""
	text, err := json.Marshal(p)
	if err != nil {
		return "" // cannot be: all of it is texts and a time
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// Check returns why a plan must not be applied: it is changed, for another JumpServer, or too old. nil = it may be.
func (p ReviewedPlan) Check(to config.JumpServer, now time.Time) error {
	age := now.Sub(p.CreatedAt)
	switch {
	case p.Version != ReviewedPlanVersion:
		return language.Errorf("计划文件的版本是 %d，本程序只读 %d", "the file is of version %d, this program reads %d", p.Version, ReviewedPlanVersion)
	case p.Hash == "" || p.Hash != p.ComputeHash():
		return language.Errorf("计划文件被改动过，与其哈希不符，请重新生成", "the file was changed and does not have its hash; make it anew")
	case p.JumpServer != to.URL || p.Organisation != to.OrgID:
		return language.Errorf("计划属于另一个 JumpServer 或组织：%s %s", "the plan is for another JumpServer or organisation: %s %s", p.JumpServer, p.Organisation)
	case age >= ReviewedPlanTTL || age < -state.MaxSkew:
		return language.Errorf("计划生成于 %s，只在 24 小时内有效，请重新生成", "the plan was made at %s and serves for 24 hours; make it anew", p.CreatedAt.Format(time.RFC3339))
	}
	return nil
}

// Held returns the changes that the guard holds.
func (p ReviewedPlan) Held() []plan.ReviewLine {
	return slices.DeleteFunc(slices.Clone(p.Changes), func(l plan.ReviewLine) bool { return l.Held == "" })
}

// WithHeldApproved returns the plan with its held changes approved by a person.
func (p ReviewedPlan) WithHeldApproved() ReviewedPlan {
	p.Changes = slices.Clone(p.Changes)
	for n := range p.Changes {
		p.Changes[n].Held = ""
	}
	return p
}
