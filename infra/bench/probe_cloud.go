package main

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/ecs"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/wait"
)

// smallPageSize is a page of the Python tool.
const smallPageSize = 25

// listInTurn lists as the Python tool does: one account after another, one region after another, 25 instances a page,
// and a pause between two pages. It takes only accounts of Alibaba Cloud whose regions are configured.
func listInTurn(ctx context.Context, cfg config.Config, between time.Duration) (probeResult, error) {
	begun := time.Now()
	var p probeResult
	for _, account := range cfg.Clouds {
		switch {
		case !account.Enabled:
			continue
		case account.Cloud != inventory.Alibaba || len(account.Regions) == 0:
			return probeResult{}, fmt.Errorf("probe: account %s: only Alibaba Cloud with regions configured", account.Name)
		}
		for _, region := range account.Regions {
			if err := regionInTurn(ctx, account, region, between, &p); err != nil {
				return probeResult{}, fmt.Errorf("probe: account %s: %s: %w", account.Name, region, err)
			}
		}
	}
	p.Seconds = time.Since(begun).Seconds()
	return p, nil
}

// regionInTurn lists one region, and adds its rows and calls to p.
func regionInTurn(ctx context.Context, account config.Cloud, region string, between time.Duration, p *probeResult) error {
	client, err := ecs.NewClientWithAccessKey(region, account.AccessKeyID.Reveal(), account.AccessKeySecret.Reveal())
	if err != nil {
		return err
	}
	scheme := "https"
	if account.Endpoint != "" {
		at, err := url.Parse(account.Endpoint)
		if err != nil {
			return fmt.Errorf("endpoint: %w", err)
		}
		client.Domain, scheme = at.Host, cmp.Or(at.Scheme, scheme)
	}
	for token := ""; ; {
		request := ecs.CreateDescribeInstancesRequest()
		request.Scheme, request.MaxResults, request.NextToken = scheme, requests.NewInteger(smallPageSize), token
		answer, err := client.DescribeInstances(request)
		if err != nil {
			return err
		}
		p.Calls++
		p.Rows += len(answer.Instances.Instance)
		token = answer.NextToken
		if token == "" {
			return nil
		}
		if err := wait.For(ctx, between); err != nil {
			return err
		}
	}
}
