package huawei

import (
	"context"
	"maps"
	"regexp"
	"strings"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// projectPage is an answer of IAM, cut to what we need. It has every project at once; a link to
// a further page would be one that we do not read.
type projectPage struct {
	Projects []project
	Links    struct{ Next string }
	// HttpStatusCode is filled in by the SDK.
	HttpStatusCode int `json:"-"`
}

// project is one of IAM: of a region (then its name is the region's id, and its parent the
// account), a sub-project of one ("cn-north-4_team"), or one that is no region ("MOS").
type project struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	DomainID string `json:"domain_id"`
	Enabled  *bool  `json:"enabled"` // false = switched off
}

// regionName matches the ids of regions, such as cn-north-4, ap-southeast-1 and eu-west-101.
var regionName = regexp.MustCompile(`^[a-z]{2}-[a-z]+-[0-9]+$`)

// region gives the region of a project, and whether it is the region's own one.
func (p project) region() (id string, own bool) {
	id, _, sub := strings.Cut(p.Name, "_")
	if !regionName.MatchString(id) {
		return "", false
	}
	return id, !sub
}

// projects is what IAM tells of an account.
type projects struct {
	domain  string            // the account's own id
	own     map[string]string // the project of each region
	regions map[string]string // the region of each project, sub-projects too
}

// projects asks once which projects the account has; who comes meanwhile waits for the answer.
// An error is not kept.
func (l *lister) projects(ctx context.Context, op string) (projects, error) {
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	case <-ctx.Done():
		return projects{}, &inventory.Error{Kind: inventory.Deadline, Message: l.What(op, ""), Err: context.Cause(ctx)}
	}
	if l.known != nil {
		return *l.known, nil
	}
	known, err := l.askProjects(ctx, op)
	if err != nil {
		return projects{}, err
	}
	l.known = &known
	return known, nil
}

// askProjects asks for the projects that the credential can use, which every IAM user may do:
// https://support.huaweicloud.com/api-iam/iam_06_0003.html. That call speaks of users; where it
// tells an agency nothing, all of the account's projects are asked for, which takes the right
// iam:projects:list: https://support.huaweicloud.com/api-iam/iam_06_0001.html
func (l *lister) askProjects(ctx context.Context, op string) (projects, error) {
	answer, err := cloud.Call(ctx, l.Caller, op, "", l.api.ownProjects)
	kind := inventory.KindOf(err)
	if kind == inventory.Denied || kind == inventory.NotFound || err == nil && answer.Projects != nil && len(answer.Projects) == 0 {
		answer, err = cloud.Call(ctx, l.Caller, op, "", l.api.allProjects)
	}
	switch {
	case err != nil:
		return projects{}, err
	case answer.Projects == nil:
		return projects{}, l.Fault(inventory.Incomplete, op, "", "the answer has no list of projects")
	case answer.Links.Next != "":
		return projects{}, l.Fault(inventory.Incomplete, op, "", "the answer is only the first page of the projects")
	case len(answer.Projects) == 0: // every account has projects
		return projects{}, l.Fault(inventory.Denied, op, "",
			"IAM shows no project to this key: grant iam:projects:list, or set account_id, project_id and one region")
	}
	return l.sortProjects(op, answer.Projects)
}

// sortProjects refuses a list that contradicts itself. Projects that are switched off are left out.
func (l *lister) sortProjects(op string, list []project) (projects, error) {
	known := projects{domain: list[0].DomainID, own: map[string]string{}, regions: map[string]string{}}
	for _, p := range list {
		switch {
		case !cloud.Only(p.ID, alphanumeric) || !cloud.Only(p.DomainID, alphanumeric):
			return projects{}, l.Fault(inventory.Incomplete, op, "", "a project lacks its id or that of its account")
		case p.DomainID != known.domain:
			return projects{}, l.Fault(inventory.Incomplete, op, "", "the projects belong to several accounts")
		}
		region, own := p.region()
		if region == "" || p.Enabled != nil && !*p.Enabled {
			continue
		}
		known.regions[p.ID] = region
		if !own {
			continue
		}
		if other := known.own[region]; other != "" && other != p.ID {
			return projects{}, l.Fault(inventory.Incomplete, op, region, "the region has two projects")
		}
		known.own[region] = p.ID
	}
	return known, nil
}

// assigned gives the project of each region: its own one, but project_id for the region to which
// that belongs.
func (l *lister) assigned(op string, known projects) (map[string]string, error) {
	id := l.Account.ProjectID
	if id == "" {
		return known.own, nil
	}
	region := known.regions[id]
	if region == "" {
		return nil, l.Fault(inventory.Invalid, op, "", "project_id is none of the projects that the key can use")
	}
	assigned := maps.Clone(known.own)
	assigned[region] = id
	return assigned, nil
}
