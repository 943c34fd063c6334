package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/session"
)

// collectClouds adds the accounts that flags name, or asks for them.
func (i *initOptions) collectClouds(ctx context.Context, cfg config.Config, zones []choice, ask prompter) error {
	for _, text := range i.clouds {
		a, err := parseCloud(text, i.lang)
		if err == nil {
			err = i.checkNewName(a.name)
		}
		if err == nil {
			err = i.addAccount(ctx, cfg, a, zones, ask)
		}
		if err != nil {
			return err
		}
	}
	for more := len(i.clouds) == 0; more; {
		err := i.askAccount(ctx, cfg, zones, ask)
		if err == nil {
			more, err = ask.askYes(i.lang.Text("还有别的云账号吗", "Another account"))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// askAccount asks for an account until its cloud answers.
func (i *initOptions) askAccount(ctx context.Context, cfg config.Config, zones []choice, ask prompter) error {
	for {
		i.typed = nil
		a, err := i.askCloud(ask)
		a.endpoint = i.endpoint
		if err == nil {
			err = i.addAccount(ctx, cfg, a, zones, ask)
		}
		if !ask.mayAskAgain(err) {
			return err
		}
		i.forgetTyped()
		fmt.Fprintln(ask.out, language.ErrorText(err, i.lang))
	}
}

// wantedAccount is an account as flags or answers describe it.
type wantedAccount struct {
	draftAccount
	hasRegions bool   // regions were named
	hasZone    bool   // the zone was named
	zoneRef    string // its name or id
}

func parseCloud(text string, lang language.Lang) (wantedAccount, error) {
	w := wantedAccount{hasZone: true, hasRegions: true}
	for pair := range strings.SplitSeq(text, ",") {
		key, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
		into := map[string]*string{
			"type": &w.kind, "name": &w.name, "key-env": &w.keyEnv, "secret-env": &w.secretEnv, "zone": &w.zoneRef,
			"tenant": &w.tenant, "project": &w.project, "endpoint": &w.endpoint, "identity": &w.identity,
		}[key]
		service, named := strings.CutPrefix(key, "endpoints.")
		switch {
		case named:
			w.addEndpoint(service, value)
		case key == "regions" && value != "all":
			w.regions = strings.FieldsFunc(value, func(r rune) bool { return r == '+' })
		case key == "regions":
		case into == nil:
			return w, errors.New(lang.Textf("--cloud: 不认识 %q；可用 type、name、key-env、secret-env、identity、regions、zone、tenant、project、endpoint、endpoints.<服务>",
				"--cloud: %q is not known; there are type, name, key-env, secret-env, identity, regions, zone, tenant, project, endpoint, endpoints.<service>", cutSecret(key)))
		default:
			*into = value
		}
	}
	if w.kind == "" || w.name == "" {
		return w, errors.New(lang.Text("--cloud: 要有 type= 与 name=", "--cloud: type= and name= are both needed"))
	}
	return w, nil
}

// checkNewName returns an error if a further account cannot have this name.
func (i *initOptions) checkNewName(name string) error {
	if slices.ContainsFunc(i.accounts, func(a draftAccount) bool { return a.name == name }) {
		return errors.New(i.lang.Textf("name: %q 已是另一个云账号的名称", "name: another account is named %q", name))
	}
	return config.CheckAccountName(name, i.lang)
}

// askName asks for the account's name until a configuration would accept it.
func (i *initOptions) askName(ask prompter, otherwise string) (string, error) {
	if i.checkNewName(otherwise) != nil {
		otherwise = ""
	}
	return ask.askText(i.lang.Text("账号的名称", "Name of the account"), otherwise, "--cloud", i.checkNewName)
}

func (i *initOptions) askCloud(ask prompter) (w wantedAccount, err error) {
	w.kind, err = ask.askText(cloudQuestion(session.Clouds(), i.lang), "", "--cloud", i.checkCloud)
	if err != nil {
		return w, err
	}
	w.name, err = i.askName(ask, strings.ToLower(w.kind)+"-prod")
	if err != nil {
		return w, err
	}
	w.keyEnv, err = ask.askOptional(i.lang.Text("存放密钥 ID 的环境变量（空 = 使用角色）", "Variable that holds the key's id (empty = the role is used)"), i.checkVariable(ask))
	if err != nil || w.keyEnv == "" {
		return w, err
	}
	w.secretEnv, err = ask.askText(i.lang.Text("存放密钥 Secret 的环境变量", "Variable that holds the key's secret"), "", "--cloud", i.checkVariable(ask))
	if err != nil {
		return w, err
	}
	for _, name := range []string{w.keyEnv, w.secretEnv} {
		if _, err := i.obtainVariable(ask, name, "--cloud"); err != nil {
			return w, err
		}
	}
	info := session.Clouds().Find(session.Clouds().Parse(w.kind))
	if info.NeedsTenant {
		w.tenant, err = ask.askText(i.lang.Textf("%s 的租户 ID", "Tenant id of %s", info.Name.In(i.lang)), "", "--cloud", anyText)
	}
	return w, err
}

// checkCloud returns an error unless a text names a cloud.
func (i *initOptions) checkCloud(text string) error {
	if session.Clouds().Parse(text) == "" {
		return errors.New(i.lang.Text("不认识这个云：", "not a cloud that is known: ") + cloudQuestion(session.Clouds(), i.lang))
	}
	return nil
}

// checkVariable returns a check of variables' names. Who sits at a terminal may type the value of one that is not set.
func (i *initOptions) checkVariable(ask prompter) func(string) error {
	return func(name string) error {
		if ask.terminal != nil && variableName.MatchString(name) && shownVariable(name) == name {
			return nil
		}
		_, err := i.readVariable(name, "--cloud")
		return err
	}
}

// cloudQuestion asks for one of the known clouds.
func cloudQuestion(known inventory.CloudTable, lang language.Lang) string {
	return lang.Text("云的类型（"+strings.Join(known.Keywords(), "、")+"）", "Type of the cloud ("+strings.Join(known.Keywords(), ", ")+")")
}

// addAccount proves the key, finds whose it is and its regions, and takes the account into the draft.
func (i *initOptions) addAccount(ctx context.Context, cfg config.Config, w wantedAccount, zones []choice, ask prompter) error {
	lister, err := i.openAccount(cfg, w)
	if err != nil {
		return err
	}
	owner, err := lister.Owner(ctx)
	kind := inventory.KindOf(err)
	switch {
	case err == nil:
		w.owner = owner
	case kind == inventory.Denied || kind == inventory.NotFound || inventory.IsNotReached(err):
		fmt.Fprintln(ask.out, i.lang.Textf("提醒：%s 不能查询自己属于哪个账号，请之后写上 account_id", "Note: %s may not ask whose it is; write its account_id into the configuration later", w.name))
	default:
		return err
	}
	regions, err := lister.Regions(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintln(ask.out, i.lang.Textf("云账号 %s 可用：账号 %s，地域：%s", "Account %s answers: cloud account %s, regions: %s", w.name, owner, strings.Join(regions, i.lang.Text("、", ", "))))
	if !w.hasRegions {
		line, err := ask.askOptional(i.lang.Text("要同步的地域，逗号分隔（空 = 全部）", "Regions to sync, with commas (empty = all)"), func(line string) error {
			return i.checkRegions(w.name, splitRegions(line), regions)
		})
		if err != nil {
			return err
		}
		w.regions = splitRegions(line)
	}
	if err := i.checkRegions(w.name, w.regions, regions); err != nil {
		return err
	}
	zone := zones[0]
	if !w.hasZone && len(zones) > 1 || w.zoneRef != "" {
		zone, err = ask.askChoice(i.lang.Text("新主机的网域", "Zone of new hosts"), zones, w.zoneRef, "--cloud zone=")
		if err != nil {
			return err
		}
	}
	w.zone, w.zoneName = zone.id, zone.name
	i.accounts = append(i.accounts, w.draftAccount)
	if len(w.regions) > 0 {
		regions = w.regions
	}
	i.surveyed = append(i.surveyed, surveyed{w.name, w.zone != "", regions, lister})
	return nil
}

func splitRegions(line string) []string {
	return strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(", ，、+", r) })
}

// checkRegions returns an error if an account does not have a region.
func (i *initOptions) checkRegions(account string, wanted, known []string) error {
	for _, r := range wanted {
		if !slices.Contains(known, r) {
			return errors.New(i.lang.Textf("账号 %s 没有地域 %q：%s", "account %s has no region %q: %s", account, r, strings.Join(known, ", ")))
		}
	}
	return nil
}

// openAccount opens an account as the finished configuration would.
func (d draftConfig) openAccount(cfg config.Config, w wantedAccount) (cloud.Lister, error) {
	c := config.Cloud{
		Type: w.kind, Cloud: session.Clouds().Parse(w.kind), Name: w.name, TenantID: w.tenant, ProjectID: w.project, Identity: w.identity, Endpoint: w.endpoint, Endpoints: w.endpoints,
	}
	if w.keyEnv != "" {
		var err error
		c.AccessKeyID, err = d.readVariable(w.keyEnv, "--cloud key-env=")
		if err != nil {
			return nil, err
		}
		c.AccessKeySecret, err = d.readVariable(w.secretEnv, "--cloud secret-env=")
		if err != nil {
			return nil, err
		}
	}
	return session.OpenSurveyor(cfg, c)
}
