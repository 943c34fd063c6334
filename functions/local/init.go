package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/session"
)

// initOptions are the flags of init. It asks for what they leave open.
type initOptions struct {
	draftConfig
	org    string
	clouds []string
	// endpoint is for accounts that are asked for; private regions need it, and tests.
	endpoint string
	envFile  string   // gets a line for each variable
	typed    []string // variables whose value a person typed
	surveyed []surveyed
	force    bool
	noPlan   bool
}

func initCommand(o *options, stdout, stderr io.Writer) *cobra.Command {
	var i initOptions
	cmd := &cobra.Command{
		Use:   "init",
		Short: o.lang.Text("生成配置：从 JumpServer 找组织、网域与平台，从云上找地域，写出 config.yaml，体检，并显示第一份计划", "Make a configuration: find organisation, zones and platforms in JumpServer and regions in the clouds, write config.yaml, check it, and show the first plan"),
		Long: o.lang.Text("询问（或由参数给出）JumpServer、云账号与钉钉，写出 config.yaml（-c 可改名）和 .env（变量名，值由你填；已有的行不改）；\n"+
			"旁边有 s.yaml 时，在它的 environmentVariables 里加上这些变量。\n"+
			"密钥从环境变量读取，配置里只写 ${变量}；不写 JumpServer，不写云，不发钉钉。已有的文件只在 --force 时覆盖。\n\n"+
			"--cloud 可以写多次，逗号分隔：type=aliyun,name=aliyun-prod,key-env=ALIYUN_KEY,secret-env=ALIYUN_SECRET,regions=cn-beijing+cn-hangzhou,zone=idc\n"+
			"（不写 key-env 表示使用角色；regions=all 为全部地域；另有 identity=、tenant=、project=、endpoint=、endpoints.<服务>=）。\n\n"+
			"退出码：0 完成；1 失败；2 用法有误或密钥、组织不对；3 体检有失败项。",
			"Asks for JumpServer, accounts and DingTalk (or takes them from flags) and writes config.yaml (-c names another) and .env (names of\n"+
				"variables, whose values you fill in; lines that are there stay). Where s.yaml is beside it, its environmentVariables get them too.\n"+
				"Secrets are read from variables, and the configuration says ${VARIABLE}; nothing is written to JumpServer or a cloud, nothing posted\n"+
				"to DingTalk. Files that are there are replaced with --force only.\n"+
				"\n"+
				"--cloud may be there several times, with commas: type=aliyun,name=aliyun-prod,key-env=ALIYUN_KEY,secret-env=ALIYUN_SECRET,regions=cn-beijing+cn-hangzhou,zone=idc\n"+
				"(no key-env: the role is used; regions=all: all regions; also identity=, tenant=, project=, endpoint=, endpoints.<service>=).\n"+
				"\n"+
				"Exit codes: 0 done; 1 failed; 2 a mistake in usage, wrong key or organisation; 3 a check failed."),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ask := newPrompter(cmd.Context(), cmd.InOrStdin(), stdout, o.lang)
			i.lang = o.lang
			return i.run(cmd.Context(), o, ask, stdout, stderr)
		},
	}
	f := cmd.Flags()
	f.StringVar(&i.url, "url", "", o.lang.Text("JumpServer 的地址", "JumpServer's address"))
	f.StringVar(&i.keyEnv, "key-id-env", "JMS_ACCESS_KEY_ID", o.lang.Text("存放 API Key ID 的环境变量", "the variable that holds the API key's id"))
	f.StringVar(&i.secretEnv, "key-secret-env", "JMS_ACCESS_KEY_SECRET", o.lang.Text("存放 API Key Secret 的环境变量", "the variable that holds the API key's secret"))
	f.StringVar(&i.org, "org", "", o.lang.Text("组织的名称或 ID", "name or id of the organisation"))
	f.StringVar(&i.caFile, "ca-file", "", o.lang.Text("私有 CA 的证书文件（PEM）", "certificates of a private CA (PEM)"))
	f.StringArrayVar(&i.clouds, "cloud", nil, o.lang.Text("一个云账号，见上", "a cloud account, see above"))
	f.StringVar(&i.endpoint, "cloud-endpoint", "", o.lang.Text("询问到的云账号的 API 地址，用于专有地域与测试", "API address of the accounts that are asked for, for private regions and tests"))
	f.StringVar(&i.webhookEnv, "dingtalk-webhook-env", "", o.lang.Text("存放钉钉 webhook 的环境变量（默认：设置了 DINGTALK_WEBHOOK 就用它）", "the variable that holds DingTalk's webhook (without it DINGTALK_WEBHOOK, where that is set)"))
	f.StringVar(&i.signEnv, "dingtalk-secret-env", "", o.lang.Text("存放钉钉加签密钥的环境变量（默认：设置了 DINGTALK_SECRET 就用它）", "the variable that holds DingTalk's signing secret (without it DINGTALK_SECRET, where that is set)"))
	f.StringVar(&i.envFile, "env-file", "", o.lang.Text("变量的文件（默认：配置文件旁边的 .env）；已有的行不改", "file of the variables (without it .env beside the configuration); lines that are there stay"))
	f.BoolVar(&i.force, "force", false, o.lang.Text("覆盖已有的文件", "replace files that are there"))
	f.BoolVar(&i.noPlan, "no-plan", false, o.lang.Text("不显示计划", "show no plan"))
	return cmd
}

func (i *initOptions) run(ctx context.Context, o *options, ask prompter, stdout, stderr io.Writer) error {
	if o.config == "" {
		o.config = config.DefaultFile
	}
	if i.envFile == "" {
		i.envFile = filepath.Join(filepath.Dir(o.config), ".env")
	}
	if err := i.checkNotThere(o.config); err != nil {
		return &exitError{exitUsage, err}
	}
	if err := i.collectAnswers(ctx, ask); err != nil {
		return &exitError{exitUsage, err}
	}
	if err := i.checkLiteral(); err != nil {
		return &exitError{exitUsage, err}
	}
	if err := checkDraft(ctx, i.renderYAML(), i.lang); err != nil {
		return &exitError{exitUsage, err}
	}
	if err := i.writeFiles(o.config, stdout); err != nil {
		return &exitError{exitFailed, err}
	}
	if err := o.runDoctor(ctx, stdout, false, false); err != nil || i.noPlan {
		return err
	}
	fmt.Fprintln(stdout, "\n"+i.lang.Text("第一份计划（没有写入任何东西）：", "The first plan (nothing was written):"))
	return o.runPlan(ctx, planOptions{}, stdout, stderr)
}

// checkNotThere refuses to overwrite a file, before anything is asked.
func (i *initOptions) checkNotThere(files ...string) error {
	for _, file := range files {
		if strings.Contains(file, "://") {
			return errors.New(i.lang.Textf("%s: init 只写本地文件", "%s: init writes local files only", file))
		}
		if _, err := os.Lstat(file); err == nil && !i.force {
			return errors.New(i.lang.Textf("%s 已存在；用 --force 覆盖，或用 -c 换一个名称", "%s exists: --force replaces it, -c names another", file))
		}
	}
	return nil
}

// writeFiles writes the configuration and .env, and makes the functions of a Serverless Devs file beside it, where there
// is one, pass the variables that the configuration names.
func (i *initOptions) writeFiles(file string, stdout io.Writer) error {
	before, err := os.ReadFile(i.envFile)
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	if err := errors.Join(writeNewFile(file, i.renderYAML(), i.force), writeNewFile(i.envFile, i.renderDotEnv(string(before)), true)); err != nil {
		return err
	}
	fmt.Fprintln(stdout, i.lang.Textf("\n已写出 %s 与 %s（只有你可读）。", "\nwritten: %s and %s (only you can read them)", file, i.envFile))
	serverless := filepath.Join(filepath.Dir(file), defaultServerless)
	text, err := os.ReadFile(serverless)
	if os.IsNotExist(err) {
		fmt.Fprintln(stdout)
		return nil
	}
	var with string
	if err == nil {
		with, err = withVariables(string(text), i.variableNames(), i.lang)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", serverless, err)
	}
	if with != string(text) {
		if err := replaceFile(serverless, with); err != nil {
			return err
		}
	}
	fmt.Fprintln(stdout, i.lang.Textf("%s 的函数会得到这些变量；部署前把值写进 %s，再执行 jms-sync doctor --deploy。\n",
		"The functions of %s get these variables; before you deploy, write their values to %s and run jms-sync doctor --deploy.\n", serverless, i.envFile))
	return nil
}

// replaceFile writes a file anew and keeps its mode.
func replaceFile(file, text string) error {
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	return os.WriteFile(file, []byte(text), info.Mode().Perm())
}

// checkDraft loads the draft as a run would, before it is written.
func checkDraft(ctx context.Context, text string, lang language.Lang) error {
	read := func(name string) ([]byte, error) {
		if name == config.DefaultFile {
			return []byte(text), nil
		}
		return os.ReadFile(name) // the CA's
	}
	_, err := config.Load(ctx, config.Source{File: config.DefaultFile, Env: os.Environ(), ReadFile: read, Clouds: session.Clouds(), Language: lang})
	return err
}

// collectAnswers asks for what the flags leave open, and finds the rest.
func (i *initOptions) collectAnswers(ctx context.Context, ask prompter) error {
	cfg, zones, err := i.collectJumpServer(ctx, ask)
	if err != nil {
		return err
	}
	if err := i.collectClouds(ctx, cfg, zones, ask); err != nil {
		return err
	}
	if err := i.offerRules(ctx, zones, ask); err != nil {
		return err
	}
	return i.readRobot()
}

// chooseOrganisation lets the person choose the organisation, and returns its zones.
func (i *initOptions) chooseOrganisation(ctx context.Context, cfg config.Config, ask prompter) ([]choice, error) {
	first, err := session.NewClient(cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	defer first.Close()
	if _, err := first.Reach(ctx); err != nil {
		return nil, err
	}
	rights, err := first.Rights(ctx)
	if err != nil {
		return nil, err
	}
	orgs, err := listOrganisations(ctx, first, i.lang)
	if err != nil {
		return nil, err
	}
	org, err := ask.askChoice(i.lang.Text("组织", "Organisation"), orgs, i.org, "--org")
	if err != nil {
		return nil, err
	}
	i.draftConfig.org, i.orgName, cfg.JumpServer.OrgID = org.id, org.name, org.id
	client, err := session.NewClient(cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	defer client.Close()
	if _, _, err := client.Organisation(ctx); err != nil {
		return nil, err
	}
	zones, _, err := client.Zones(ctx)
	if err != nil && inventory.KindOf(err) != inventory.Denied { // whoever uses no zone needs no right to view them
		return nil, err
	}
	platforms, err := client.ListPlatforms(ctx)
	if err != nil {
		return nil, err
	}
	fmt.Fprintln(ask.out, i.lang.Textf("JumpServer 可用：用户 %s，组织 %s，网域 %d 个，主机平台 %d 个", "JumpServer answers: user %s, organisation %s, %d zones, %d platforms for hosts",
		rights.User, org.name, len(zones), len(platforms)))
	found := []choice{{"", i.lang.Text("不使用网域", "no zone")}}
	for _, z := range zones {
		found = append(found, choice{z.ID, z.Name})
	}
	return found, nil
}

// listOrganisations returns the organisations that JumpServer shows and that take assets, the default one first. Whether
// the key may use one shows only when it is queried: a user may work in organisations whose console is closed to it.
func listOrganisations(ctx context.Context, client *jumpserver.Client, lang language.Lang) ([]choice, error) {
	all, err := client.Organisations(ctx)
	if inventory.KindOf(err) == inventory.Denied {
		all, err = []inventory.Org{{ID: jumpserver.DefaultOrganisation, Name: "DEFAULT"}}, nil // may not list them
	}
	if err != nil {
		return nil, err
	}
	var found []choice
	for _, o := range all {
		if o.Name == "SYSTEM" || o.Name == "GLOBAL" {
			continue
		}
		c := choice{o.ID, o.Name}
		if o.ID == jumpserver.DefaultOrganisation {
			found = slices.Insert(found, 0, c)
		} else {
			found = append(found, c)
		}
	}
	if len(found) == 0 {
		return nil, errors.New(lang.Text("JumpServer 没有给出这个密钥可用的组织：给它的用户一个组织角色", "the key's user has no organisation in JumpServer: give it a role in one"))
	}
	return found, nil
}

// readRobot uses the webhook's variables where they are set.
func (i *initOptions) readRobot() error {
	if i.webhookEnv == "" && os.Getenv("DINGTALK_WEBHOOK") != "" {
		i.webhookEnv = "DINGTALK_WEBHOOK"
	}
	if i.webhookEnv == "" {
		return nil
	}
	if i.signEnv == "" && os.Getenv("DINGTALK_SECRET") != "" {
		i.signEnv = "DINGTALK_SECRET"
	}
	_, err := i.readVariable(i.webhookEnv, "--dingtalk-webhook-env")
	if err == nil && i.signEnv != "" {
		_, err = i.readVariable(i.signEnv, "--dingtalk-secret-env")
	}
	return err
}
