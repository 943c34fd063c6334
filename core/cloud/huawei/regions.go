package huawei

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// The services whose APIs are called.
const (
	serviceECS = "ecs"
	serviceIAM = "iam"
)

func services() []string { return []string{serviceECS, serviceIAM} }

// zonePattern matches zones such as cn-north-4a: https://developer.huaweicloud.com/endpoint
const zonePattern = `^(.*-[0-9]+)[a-z]$`

// domainOf returns the domain of a region's hosts. Those of Huawei Cloud Europe are in another one; the
// vendor's own Terraform provider decides by the same prefix:
// https://github.com/huaweicloud/terraform-provider-huaweicloud/blob/master/huaweicloud/provider.go
func domainOf(region string) string {
	if strings.HasPrefix(region, "eu-west-1") {
		return "myhuaweicloud.eu"
	}
	return "myhuaweicloud.com"
}

// iamHost returns the host that answers for all regions of an account, the international ones too; the regional hosts know the
// same. Europe, whose accounts are its own, has regional ones only; so an account of it has to name a region:
// https://github.com/huaweicloud/huaweicloud-sdk-go-v3/blob/master/services/iam/v3/region/region.go
func iamHost(regions []string) string {
	if len(regions) > 0 && domainOf(regions[0]) != domainOf("") {
		return "iam." + regions[0] + "." + domainOf(regions[0])
	}
	return "iam." + domainOf("")
}

// Regions implements cloud.Lister with the names of the projects that the credential can use.
func (l *lister) Regions(ctx context.Context) ([]string, error) {
	const op = "list regions"
	known, err := l.loadProjects(ctx, op)
	if err != nil {
		return nil, err
	}
	at, err := l.projectsByRegion(op, known)
	if err != nil {
		return nil, err
	}
	if len(at) == 0 {
		return nil, l.NewError(inventory.Denied, op, "", "IAM shows no project that is a region: grant the right to see it, or set project_id and one region")
	}
	regions := make([]string, 0, len(at))
	for region := range at {
		regions = append(regions, region)
	}
	slices.Sort(regions)
	return regions, nil
}

// RegionOfProject implements cloud.ProjectLocator: events of CTS name a project.
func (l *lister) RegionOfProject(ctx context.Context, projectID string) (string, error) {
	const op = "find the region of a project"
	known, err := l.loadProjects(ctx, op)
	if err != nil {
		return "", err
	}
	region := known.regionOf[projectID]
	if region == "" {
		return "", l.NewError(inventory.NotFound, op, "", "project "+projectID+" is none of the account's")
	}
	return region, nil
}

// Projects implements cloud.ProjectLister.
func (l *lister) Projects(ctx context.Context, region string) ([]string, error) {
	at, err := l.projectScopeOf(ctx, "find the project of a region", region)
	if err != nil {
		return nil, err
	}
	return []string{at.project}, nil
}

// projectScope is where servers are listed.
type projectScope struct{ region, project string }

// projectScopeOf returns the project of a region. It makes no call where the configuration names one project
// and one region.
func (l *lister) projectScopeOf(ctx context.Context, op, region string) (projectScope, error) {
	if !cloud.ValidCharset(region, cloud.LowerChars) {
		return projectScope{}, l.NewError(inventory.Invalid, op, "", "no region is named, or one that cannot be")
	}
	if l.Account.ProjectID != "" && len(l.Account.Regions) == 1 && l.Account.Regions[0] == region {
		return projectScope{region: region, project: l.Account.ProjectID}, nil
	}
	known, err := l.loadProjects(ctx, op)
	if err != nil {
		return projectScope{}, err
	}
	assigned, err := l.projectsByRegion(op, known)
	if err != nil {
		return projectScope{}, err
	}
	project := assigned[region]
	if project == "" {
		return projectScope{}, l.NewError(inventory.NotFound, op, region, "the account has no project of this region that the key can use")
	}
	return projectScope{region: region, project: project}, nil
}

// projectPage is an answer of IAM with the fields that are needed. It has every project at once; a link to
// a further page is refused.
type projectPage struct {
	Projects []projectRow
	Links    struct{ Next string }
	// HttpStatusCode is filled in by the SDK.
	HttpStatusCode int `json:"-"`
}

// projectRow is a project in IAM: that of a region (its name is the region's id, and its parent the
// account), a sub-project of one ("cn-north-4_team"), or one that is no region ("MOS").
type projectRow struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	DomainID string `json:"domain_id"`
	Enabled  *bool  `json:"enabled"` // false = switched off
}

// regionPattern matches the ids of regions, such as cn-north-4, ap-southeast-1 and eu-west-101. privateRegionPattern matches
// those of clouds that are built with Huawei's software too, such as eu-de of the Open Telekom Cloud:
// https://docs.otc.t-systems.com/developer/endpoints.html
var (
	regionPattern        = regexp.MustCompile(`^[a-z]{2}-[a-z]+-[0-9]+$`)
	privateRegionPattern = regexp.MustCompile(`^[a-z]+(-[a-z0-9]+)+$`)
)

// regionID returns the region of a project, and reports whether it is the region's own project. form matches the
// ids of regions.
func (p projectRow) regionID(form *regexp.Regexp) (id string, own bool) {
	id, _, sub := strings.Cut(p.Name, "_")
	if !form.MatchString(id) {
		return "", false
	}
	return id, !sub
}

// projectIndex holds the projects of an account.
type projectIndex struct {
	domain   string            // the account's own id
	byRegion map[string]string // the project of each region
	regionOf map[string]string // the region of each project, sub-projects too
}

// loadProjects asks once which projects the account has; callers that come meanwhile wait for the answer.
// An error is not kept.
func (l *lister) loadProjects(ctx context.Context, op string) (projectIndex, error) {
	select {
	case l.projectsLock <- struct{}{}:
		defer func() { <-l.projectsLock }()
	case <-ctx.Done():
		return projectIndex{}, &inventory.Error{Kind: inventory.Deadline, Message: l.Operation(op, ""), Err: context.Cause(ctx)}
	}
	if l.knownProjects != nil {
		return *l.knownProjects, nil
	}
	known, err := l.fetchProjects(ctx, op)
	if err != nil {
		return projectIndex{}, err
	}
	l.knownProjects = &known
	return known, nil
}

// fetchProjects asks for the projects that the credential can use, which every IAM user may do:
// https://support.huaweicloud.com/api-iam/iam_06_0003.html. That call is for users; where the answer for
// an agency is empty, it asks for all of the account's projects, which takes the right
// iam:projects:listProjects: https://support.huaweicloud.com/api-iam/iam_06_0001.html
func (l *lister) fetchProjects(ctx context.Context, op string) (projectIndex, error) {
	answer, err := cloud.Call(ctx, l.Client, op, "", l.api.listOwnProjects)
	kind := inventory.KindOf(err)
	if kind == inventory.Denied || kind == inventory.NotFound || err == nil && answer.Projects != nil && len(answer.Projects) == 0 {
		answer, err = cloud.Call(ctx, l.Client, op, "", l.api.listAllProjects)
	}
	switch {
	case err != nil:
		return projectIndex{}, err
	case answer.Projects == nil:
		return projectIndex{}, l.NewError(inventory.Incomplete, op, "", "the answer has no list of projects")
	case answer.Links.Next != "":
		return projectIndex{}, l.NewError(inventory.Incomplete, op, "", "the answer is only the first page of the projects")
	case len(answer.Projects) == 0: // every account has projects
		return projectIndex{}, l.NewError(inventory.Denied, op, "",
			"IAM shows no project to this key: grant iam:projects:listProjects, or set account_id, project_id and one region")
	}
	return l.indexProjects(op, answer.Projects)
}

// indexProjects refuses a list that contradicts itself, and leaves out projects that are switched off.
func (l *lister) indexProjects(op string, list []projectRow) (projectIndex, error) {
	form := regionPattern
	if l.isPrivate {
		form = privateRegionPattern
	}
	known := projectIndex{domain: list[0].DomainID, byRegion: map[string]string{}, regionOf: map[string]string{}}
	for _, p := range list {
		switch {
		case !cloud.ValidCharset(p.ID, alphanumericChars) || !cloud.ValidCharset(p.DomainID, alphanumericChars):
			return projectIndex{}, l.NewError(inventory.Incomplete, op, "", "a project lacks its id or that of its account")
		case p.DomainID != known.domain:
			return projectIndex{}, l.NewError(inventory.Incomplete, op, "", "the projects belong to several accounts")
		}
		region, own := p.regionID(form)
		if region == "" || p.Enabled != nil && !*p.Enabled {
			continue
		}
		known.regionOf[p.ID] = region
		if !own {
			continue
		}
		if other := known.byRegion[region]; other != "" && other != p.ID {
			return projectIndex{}, l.NewError(inventory.Incomplete, op, region, "the region has two projects")
		}
		known.byRegion[region] = p.ID
	}
	return known, nil
}

// projectsByRegion returns the project of each region: its own one, or project_id for the region to which
// that belongs.
func (l *lister) projectsByRegion(op string, known projectIndex) (map[string]string, error) {
	id := l.Account.ProjectID
	if id == "" {
		return known.byRegion, nil
	}
	region := known.regionOf[id]
	if region == "" {
		return nil, l.NewError(inventory.Invalid, op, "", "project_id is none of the projects that the key can use")
	}
	assigned := maps.Clone(known.byRegion)
	assigned[region] = id
	return assigned, nil
}
