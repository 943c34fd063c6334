package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/jms-sync/jms-sync/core/cloud/aws/awstest"
	"github.com/jms-sync/jms-sync/core/cloud/azure/azuretest"
	"github.com/jms-sync/jms-sync/core/cloud/huawei/huaweitest"
	"github.com/jms-sync/jms-sync/core/cloud/peertest"
	"github.com/jms-sync/jms-sync/core/cloud/tencent/tencenttest"
	"github.com/jms-sync/jms-sync/core/report"
)

// The demo's identities in the further clouds; they open nothing but the emulators.
const (
	demoDomain       = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
	demoTenant       = "11111111-2222-4333-8444-555555555555"
	demoSubscription = "33333333-4444-4555-8666-777777777777"
	demoUIN          = "100000000001"
	demoAWSAccount   = "123456789012"
)

// demoClouds are the clouds beside Alibaba's, with two machines in each.
type demoClouds struct {
	aws     *awstest.Server
	azure   *azuretest.Server
	huawei  *huaweitest.Server
	tencent *tencenttest.Server
	// environment has the variables that add their accounts to that of the file.
	environment []string
}

// newDemoClouds serves the clouds on loopback.
func newDemoClouds(w *demoWorld) (*demoClouds, error) {
	c := &demoClouds{
		aws: awstest.New(awstest.Options{}), azure: azuretest.New(azuretest.Options{}),
		huawei: huaweitest.New(huaweitest.Options{}), tencent: tencenttest.New(tencenttest.Options{}),
	}
	for n, account := range []struct {
		kind, name, key, region string
		handler                 http.Handler
		further                 []string
	}{
		{w.lang.Text("华为云", "huawei"), "huawei-prod", "HWDEMOKEY00000000001", "cn-north-4", c.huawei, nil},
		{"aws", "aws-prod", "AKIADEMOKEY000000001", "us-east-1", c.aws, nil},
		{w.lang.Text("腾讯云", "tencent"), "tencent-prod", "AKIDdemokey000000001", "ap-guangzhou", c.tencent, nil},
		{"azure", "azure-prod", "22222222-3333-4444-8555-666666666666", "eastus", c.azure,
			[]string{"TENANT_ID=" + demoTenant, "ACCOUNT_ID=" + demoSubscription}},
	} {
		url, err := w.serve(account.handler)
		if err != nil {
			return nil, err
		}
		c.populate(account.name, account.key, account.region)
		for _, setting := range append([]string{
			"TYPE=" + account.kind, "NAME=" + account.name, "ACCESS_KEY_ID=" + account.key, "ACCESS_KEY_SECRET=" + demoKeySecret,
			"REGIONS=" + account.region, "ENDPOINT=" + url,
		}, account.further...) {
			c.environment = append(c.environment, fmt.Sprintf("JMS_SYNC_CLOUDS_%d_%s", n+1, setting))
		}
	}
	return c, nil
}

// populate creates the account of a key with two machines in a region.
func (c *demoClouds) populate(name, key, region string) {
	switch name {
	case "huawei-prod":
		a := c.huawei.AddAccount(huaweitest.Key{DomainID: demoDomain, AccessKeyID: key, AccessKeySecret: demoKeySecret})
		a.AddProject(region)
		a.Fill(region, 2, func(i int) huaweitest.Instance {
			sample := huaweitest.SampleInstance(i)
			sample.Name = fmt.Sprint("hw-app-", i+1)
			return sample
		})
	case "aws-prod":
		a := c.aws.AddAccount(awstest.Key{AccountID: demoAWSAccount, AccessKeyID: key, AccessKeySecret: demoKeySecret})
		a.Fill(region, 2, func(i int) awstest.Instance {
			sample := awstest.SampleInstance(i)
			sample.Name = fmt.Sprint("aws-app-", i+1)
			return sample
		})
	case "tencent-prod":
		a := c.tencent.AddAccount(tencenttest.Key{AccountID: demoUIN, AccessKeyID: key, AccessKeySecret: demoKeySecret})
		a.Fill(region, 2, func(i int) tencenttest.Instance {
			sample := tencenttest.SampleInstance(i)
			sample.Name = fmt.Sprint("tx-app-", i+1)
			return sample
		})
	case "azure-prod":
		c.azure.AddPrincipal(azuretest.Principal{Tenant: demoTenant, ClientID: key, Secret: demoKeySecret})
		c.azure.AddSubscription(demoSubscription, key).Fill(region, 2, func(i int) azuretest.VM {
			sample := azuretest.SampleVM(i)
			sample.Name = fmt.Sprint("az-app-", i+1)
			return sample
		})
	}
}

// emulators returns the servers, to close them and to query their unexpected requests.
func (c *demoClouds) emulators() []*peertest.Base {
	return []*peertest.Base{c.aws.Base, c.azure.Base, c.huawei.Base, c.tencent.Base}
}

// showFiveClouds runs a function of its own, whose environment adds four accounts to that of the file.
func (d *demonstration) showFiveClouds(ctx context.Context) error {
	d.heading(d.lang.Text("五朵云同时同步，其中一朵失败", "Five clouds in one run, one of them fails"))
	d.printLine("cn-beijing 的三台又能读到了：暂缓的移除自行取消。用环境变量再加华为云、AWS、腾讯云、Azure 四个账号；AWS 拒绝读取。",
		"The three of cn-beijing are listed again: the held removals are off. Variables add accounts of Huawei Cloud, AWS, Tencent Cloud and Azure; AWS refuses.")
	for _, id := range []string{"i-bj0001", "i-bj0002", "i-bj0003"} {
		d.world.account.Put("cn-beijing", d.world.instances[id])
	}
	function, err := startFunction(ctx, d.timer.program, slices.Concat(d.world.environment(), d.world.clouds.environment), d.lang)
	if err != nil {
		return err
	}
	defer function.runtime.Close()
	previous := d.timer
	d.timer = function
	defer func() {
		d.timer = previous
	}()

	repair := d.world.clouds.aws.Break(peertest.Fault{Kind: awstest.Unauthorized, Action: awstest.DescribeInstances})
	r, err := d.invoke(ctx, "")
	repair()
	if err != nil {
		return err
	}
	if r.Outcome != report.Partial || r.Created != 6 || r.Deactivated+r.Deleted+r.Held != 0 {
		return errors.New(d.text("应为 partial、新增 6 台、什么都不移除，实际 %s、新增 %d", "it should be partial, create 6 and remove nothing, not %s and %d created", r.Outcome, r.Created))
	}
	if err := d.printCard(); err != nil {
		return err
	}
	d.printLine("AWS 恢复之后，下一次补上它的两台：", "AWS is back, and the next run makes its two:")
	r, err = d.invoke(ctx, "")
	if err != nil {
		return err
	}
	if r.Created != 2 || len(r.Scopes) != 6 {
		return errors.New(d.text("应从 6 个区域中新增 2 台，实际 %d 个区域、%d 台", "2 should be created from 6 scopes, not %[2]d from %[1]d", len(r.Scopes), r.Created))
	}
	if unexpected := function.runtime.Unexpected(); len(unexpected) > 0 {
		return errors.New(d.text("函数运行时收到了意外的请求：%q", "the function's runtime got unexpected requests: %q", unexpected))
	}
	return nil
}
