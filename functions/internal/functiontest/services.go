package functiontest

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/notify/dingtalk/dingtalktest"
)

// The secrets of the services. None of them may appear in what a program answers or prints.
const (
	CloudKey    = "LTAI5tWorldKey000001"
	CloudSecret = "cloud-secret-of-the-world"
	RobotToken  = "robot-token-of-the-world"
	RobotSecret = "SECrobot-secret-of-the-world"
	RoleKey     = "STS.role-of-the-world"
	RoleSecret  = "role-secret-of-the-world"
	RoleToken   = "role-token-of-the-world"
)

// Services are what every program works with, on loopback: JumpServer, an account of Alibaba Cloud and a DingTalk robot.
type Services struct {
	*testing.T
	JMS     *jumpservertest.Server
	ECS     *alibabatest.Server
	Account *alibabatest.Account
	Robot   *dingtalktest.Robot

	JumpServerURL, CloudURL, Webhook string
}

// NewServices starts the services, with one cloud account of this id.
func NewServices(t *testing.T, accountID string) *Services {
	t.Helper()
	s := &Services{
		T:     t,
		JMS:   jumpservertest.New(jumpservertest.Options{TB: t}),
		ECS:   alibabatest.New(alibabatest.Options{Reporter: t}),
		Robot: dingtalktest.New(dingtalktest.Options{Token: RobotToken, Secret: RobotSecret, ReportUnexpected: t.Errorf}),
	}
	s.Account = s.ECS.AddAccount(alibabatest.Key{AccountID: accountID, AccessKeyID: CloudKey, AccessKeySecret: CloudSecret})
	s.JumpServerURL, s.CloudURL = s.Serve(s.JMS), s.Serve(s.ECS)
	s.Webhook = s.Serve(s.Robot) + dingtalktest.WebhookPath + "?access_token=" + RobotToken
	t.Cleanup(s.ECS.Close)
	return s
}

// Serve serves a handler on loopback until the test ends, and returns its URL.
func (s *Services) Serve(h http.Handler) string {
	server := httptest.NewServer(h)
	s.Cleanup(server.Close)
	return server.URL
}

// FillInstances puts n instances into each of some regions; their numbers begin at from.
func (s *Services) FillInstances(from, n int, regions ...string) {
	for i, region := range regions {
		s.Account.Fill(region, n, func(k int) alibabatest.Instance { return alibabatest.SampleInstance(from + i*n + k) })
	}
}

// Hosts returns JumpServer's hosts.
func (s *Services) Hosts() []jumpservertest.Host { return s.JMS.Hosts(jumpservertest.DefaultOrg) }

// WantNoSecrets fails if a text holds a secret.
func (s *Services) WantNoSecrets(what, text string) {
	s.Helper()
	for _, word := range []string{
		jumpservertest.KeySecret, CloudKey, CloudSecret, RobotToken, RobotSecret, RoleKey, RoleSecret, RoleToken,
	} {
		if strings.Contains(text, word) {
			s.Errorf("%s holds %q:\n%s", what, word, text)
		}
	}
}
