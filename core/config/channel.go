package config

import "github.com/jms-sync/jms-sync/core/secret"

// Channel is one way to people: a robot of a chat, a mailbox, a program.
type Channel struct {
	Type         string   `yaml:"type" env:"TYPE" enum:"dingtalk,wecom,feishu,slack,teams,email,webhook,alertmanager" doc:"渠道的种类（feishu 也用于 Lark），必填;the kind of channel (feishu is Lark's too), required"`
	Name         string   `yaml:"name" env:"NAME" doc:"渠道的名称，出现在结果与日志里，不能重复；空时用种类;name of the channel in results and logs, unique; empty = its kind"`
	Enabled      bool     `yaml:"enabled" env:"ENABLED" doc:"是否使用这个渠道;whether the channel is used"`
	On           string   `yaml:"on" env:"ON" enum:"always,change,failure" doc:"何时通知，同 notification.on；空时用它;when to tell, as notification.on; empty = as that says"`
	Accounts     []string `yaml:"accounts" env:"ACCOUNTS" doc:"只通知涉及这些账号的运行（* 代表任意文本，? 代表一个字符），空表示全部；整次运行的失败总会通知;only runs that concern these accounts (* stands for any text, ? for one character), empty = all; what fails as a whole is always told"`
	Environments []string `yaml:"environments" env:"ENVIRONMENTS" doc:"只在这些环境（environment.type）使用，模式同上，空表示全部;used in these environments (environment.type) only, patterns likewise, empty = all"`
	Severity     string   `yaml:"severity" env:"SEVERITY" enum:"info,warning,error" doc:"至少这样严重才通知：error 有失败；warning 也包括暂缓、无人管理、与云不同等；info 全部;the least that is told: error = something failed; warning = also what is held, orphaned, different and so on; info = all"`
	Quiet        string   `yaml:"quiet" env:"QUIET" doc:"安静时段，如 22:00-08:00（按 timezone）：其间除失败与暂缓外都等到时段结束再说;quiet hours, e.g. 22:00-08:00 (in timezone): what is neither a failure nor a hold waits for their end"`
	Language     string   `yaml:"language" env:"LANGUAGE" enum:"zh,en" doc:"这个渠道的语言；空时用 language;language of this channel; empty = as language says"`

	Webhook    secret.Value `yaml:"webhook" env:"WEBHOOK" doc:"机器人的 Webhook 地址，含令牌（dingtalk、wecom、feishu、slack、teams 必填）;the robot's webhook with its token (required for dingtalk, wecom, feishu, slack, teams)"`
	URL        secret.Value `yaml:"url" env:"URL" doc:"接收通知的地址（webhook 必填；alertmanager 必填，如 http://alertmanager:9093）;address that takes the messages (required for webhook; for alertmanager, e.g. http://alertmanager:9093)"`
	Secret     secret.Value `yaml:"secret" env:"SECRET" doc:"签名密钥（dingtalk 加签、feishu 签名校验、webhook 的 HMAC），可为空;signing secret (dingtalk, feishu, and the HMAC of webhook), may be empty"`
	Token      secret.Value `yaml:"token" env:"TOKEN" doc:"webhook、alertmanager：Authorization: Bearer 的令牌，可为空;webhook, alertmanager: token of Authorization: Bearer, may be empty"`
	Username   string       `yaml:"username" env:"USERNAME" doc:"email、alertmanager：登录名，可为空;email, alertmanager: user name, may be empty"`
	Password   secret.Value `yaml:"password" env:"PASSWORD" doc:"email、alertmanager：密码，可为空;email, alertmanager: password, may be empty"`
	Mention    []string     `yaml:"mention" env:"MENTION" doc:"失败与暂缓时要 @ 的人：dingtalk 手机号；wecom 成员的 userid；feishu open_id；slack 成员 ID；teams 登录邮箱;people to mention on failures and holds: dingtalk mobile numbers, wecom user ids, feishu open_ids, slack member ids, teams sign-in addresses"`
	MentionAll bool         `yaml:"mention_all" env:"MENTION_ALL" doc:"失败与暂缓时是否 @ 所有人（dingtalk、wecom、feishu、slack）;whether everybody is mentioned on failures and holds (dingtalk, wecom, feishu, slack)"`
	Style      string       `yaml:"style" env:"STYLE" enum:"table,list" doc:"dingtalk：用表格还是列表显示主机;dingtalk: hosts as tables or as lists"`
	Server     string       `yaml:"server" env:"SERVER" doc:"email：发信服务器，主机:端口，如 smtp.example.com:587，必填;email: the mail server, host:port, e.g. smtp.example.com:587, required"`
	TLS        string       `yaml:"tls" env:"TLS" enum:"starttls,implicit,none" doc:"email：starttls 连上后必须加密；implicit 从头加密（端口 465）；none 不加密，只能不登录;email: starttls must encrypt once connected; implicit is encrypted from the start (port 465); none is in clear, and only without a login"`
	From       string       `yaml:"from" env:"FROM" doc:"email：发件人，必填;email: the sender, required"`
	To         []string     `yaml:"to" env:"TO" doc:"email：收件人，必填;email: those who get it, required"`
}

// TLSNone is the value of Channel.TLS by which mail travels in clear.
const TLSNone = "none"

// DefaultChannel returns a channel with the defaults.
func DefaultChannel() Channel {
	return Channel{Enabled: true, Severity: "info", Style: "table", TLS: "starttls"}
}
