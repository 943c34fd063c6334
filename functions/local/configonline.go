package main

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/jumpserver"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/session"
)

// named is a setting that names something of JumpServer, by its name or its id.
type named struct{ path, value string }

// namedInJumpServer is all that a configuration names of JumpServer.
type namedInJumpServer struct{ zones, platforms, templates []named }

// newNamedInJumpServer returns what the accounts that are enabled and the rules name.
func newNamedInJumpServer(cfg config.Config) (n namedInJumpServer) {
	n.addPlatforms("platforms", cfg.Platforms)
	for i, c := range cfg.Clouds {
		if !c.Enabled {
			continue
		}
		path := fmt.Sprintf("clouds[%d]", i)
		n.zones = append(n.zones, named{path + ".domain_id", c.DomainID})
		n.addPlatforms(path+".platforms", c.Platforms)
	}
	for i, rule := range cfg.Rules {
		path := fmt.Sprintf("rules[%d].set", i)
		n.zones = append(n.zones, named{path + ".zone", rule.Set.Zone})
		n.platforms = append(n.platforms, named{path + ".platform", rule.Set.Platform})
		for k, template := range rule.Set.Accounts {
			n.templates = append(n.templates, named{fmt.Sprintf("%s.accounts[%d]", path, k), template})
		}
	}
	none := func(n named) bool { return n.value == "" }
	n.zones, n.platforms = slices.DeleteFunc(n.zones, none), slices.DeleteFunc(n.platforms, none)
	return n
}

func (n *namedInJumpServer) addPlatforms(path string, p config.Platforms) {
	n.platforms = append(n.platforms, named{path + ".linux", p.Linux}, named{path + ".windows", p.Windows}, named{path + ".other", p.Other})
}

// onlineFindings are the settings whose names JumpServer does not have, and those that could not be compared.
type onlineFindings struct{ mistakes, warnings config.Mistakes }

// checkOnline compares what a configuration names with what JumpServer has.
func checkOnline(ctx context.Context, checked config.Checked) (found onlineFindings, err error) {
	client, err := session.NewClient(checked.Config, slog.New(slog.DiscardHandler))
	if err != nil {
		return found, err
	}
	defer client.Close()
	if _, _, err := client.Organisation(ctx); err != nil {
		return found, err
	}
	n := newNamedInJumpServer(checked.Config)
	for _, part := range []struct {
		named []named
		what  language.Text
		list  func(context.Context, *jumpserver.Client) (known []string, denied bool, err error)
	}{
		{n.platforms, language.New("主机平台", "platform for hosts"), listPlatformNames},
		{n.zones, language.New("网域", "zone"), listZoneNames},
		{n.templates, language.New("账号模板", "account template"), listTemplateNames},
	} {
		if len(part.named) == 0 {
			continue
		}
		known, denied, err := part.list(ctx, client)
		switch {
		case err != nil:
			return found, err
		case denied:
			found.warnings = append(found.warnings, checked.NewMistake(part.named[0].path, language.New("没有核对：密钥的用户不能查看"+part.what.ZH, "was not compared: the key's user may not see what this is: "+part.what.EN)))
		default:
			found.add(checked, part.named, part.what, known)
		}
	}
	return found, nil
}

// add adds a mistake for each setting whose name or id is not among those that JumpServer has.
func (f *onlineFindings) add(checked config.Checked, all []named, what language.Text, known []string) {
	for _, n := range all {
		if slices.Contains(known, n.value) || slices.Contains(known, strings.ToLower(n.value)) {
			continue
		}
		text := language.New("JumpServer 的这个组织里没有这个"+what.ZH+"："+n.value, "there is no such "+what.EN+" in this organisation of JumpServer: "+n.value)
		near := language.Nearest(n.value, known)
		if near != "" {
			text = language.New(text.ZH+"，是不是 "+near+"？", text.EN+", did you mean "+near+"?")
		}
		f.mistakes = append(f.mistakes, checked.NewMistake(n.path, text))
	}
}

func listPlatformNames(ctx context.Context, client *jumpserver.Client) (known []string, denied bool, err error) {
	platforms, err := client.ListPlatforms(ctx)
	for name := range platforms {
		known = append(known, name)
	}
	slices.Sort(known)
	return known, false, err
}

func listZoneNames(ctx context.Context, client *jumpserver.Client) (known []string, denied bool, err error) {
	zones, denied, err := client.ListZones(ctx)
	for _, z := range zones {
		known = append(known, z.Name, z.ID)
	}
	return known, denied, err
}

func listTemplateNames(ctx context.Context, client *jumpserver.Client) (known []string, denied bool, err error) {
	templates, denied, err := client.ListTemplates(ctx)
	for _, t := range templates {
		known = append(known, t.Name, t.ID)
	}
	return known, denied, err
}
