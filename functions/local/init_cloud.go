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
		a, err := i.askCloud(ask)
		a.endpoint = i.endpoint
		if err == nil {
			err = i.addAccount(ctx, cfg, a, zones, ask)
		}
		if err == nil {
			more, err = ask.askYes(i.lang.Text("还有别的云账号吗", "Another account"))
		}
		if err != nil {
			return err
		}
	}
	return nil
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
			"tenant": &w.tenant, "project": &w.project, "endpoint": &w.endpoint,
		}[key]
		switch {
		case key == "regions" && value != "all":
			w.regions = strings.FieldsFunc(value, func(r rune) bool { return r == '+' })
		case key == "regions":
		case into == nil:
			return w, errors.New(lang.Textf("--cloud: 不认识 %q；可用 type、name、key-env、secret-env、regions、zone、tenant、project、endpoint",
				"--cloud: %q is not known; there are type, name, key-env, secret-env, regions, zone, tenant, project, endpoint", cutSecret(key)))
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

// askName asks for the account's name until a configuration would accept it, so that earlier answers are not lost. The
// default is not asked for twice, because the end of the input answers with it.
func (i *initOptions) askName(ask prompter, otherwise string) (string, error) {
	for {
		name, err := ask.askText(i.lang.Text("账号的名称", "Name of the account"), otherwise, "--cloud")
		if err != nil {
			return "", err
		}
		mistake := i.checkNewName(name)
		if mistake == nil || name == otherwise {
			return name, mistake
		}
		fmt.Fprintln(ask.out, mistake)
	}
}

func (i *initOptions) askCloud(ask prompter) (w wantedAccount, err error) {
	w.kind, err = ask.askText(cloudQuestion(session.Clouds(), i.lang), "", "--cloud")
	if err != nil {
		return w, err
	}
	w.name, err = i.askName(ask, strings.ToLower(w.kind)+"-prod")
	if err != nil {
		return w, err
	}
	w.keyEnv, err = ask.askOptional(i.lang.Text("存放密钥 ID 的环境变量（空 = 使用角色）", "Variable that holds the key's id (empty = the role is used)"))
	if err != nil || w.keyEnv == "" {
		return w, err
	}
	w.secretEnv, err = ask.askText(i.lang.Text("存放密钥 Secret 的环境变量", "Variable that holds the key's secret"), "", "--cloud")
	if err != nil {
		return w, err
	}
	info := session.Clouds().Find(session.Clouds().Parse(w.kind))
	if info.NeedsTenant {
		w.tenant, err = ask.askText(i.lang.Textf("%s 的租户 ID", "Tenant id of %s", info.Name.In(i.lang)), "", "--cloud")
	}
	return w, err
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
	case kind == inventory.Denied || kind == inventory.NotFound:
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
		line, err := ask.askOptional(i.lang.Text("要同步的地域，逗号分隔（空 = 全部）", "Regions to sync, with commas (empty = all)"))
		if err != nil {
			return err
		}
		w.regions = strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(", ，、+", r) })
	}
	for _, r := range w.regions {
		if !slices.Contains(regions, r) {
			return errors.New(i.lang.Textf("账号 %s 没有地域 %q：%s", "account %s has no region %q: %s", w.name, r, strings.Join(regions, ", ")))
		}
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
	return nil
}

// openAccount opens an account as the finished configuration would.
func (d draftConfig) openAccount(cfg config.Config, w wantedAccount) (cloud.Lister, error) {
	c := config.Cloud{
		Type: w.kind, Cloud: session.Clouds().Parse(w.kind), Name: w.name, TenantID: w.tenant, ProjectID: w.project, Endpoint: w.endpoint,
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
	return session.OpenLister(cfg, c)
}
