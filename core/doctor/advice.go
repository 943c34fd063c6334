package doctor

import (
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
)

// adviceFixes returns the fixes for each advice of an error.
func adviceFixes() map[inventory.Advice]language.Text {
	return map[inventory.Advice]language.Text{
		inventory.AddressList: language.New("这个 API Key 限制了来源 IP：在 JumpServer 的 API Key 页把这台机器（或函数出口、反向代理）的地址加进它的 IP 列表；JumpServer 前有反向代理时，它要传 X-Forwarded-For",
			"the API key is limited to some addresses: add this machine's (or the function's way out, or the reverse proxy's) to its IP list; a reverse proxy has to pass X-Forwarded-For on"),
		inventory.WriteHTTPS: language.New("把 jumpserver.url 改成 https:// 开头的", "write https:// in jumpserver.url"),
		inventory.WriteHTTP:  language.New("对方在这个端口上不用 TLS：把 jumpserver.url 改成 http:// 开头的，或改端口", "there is no TLS at this port: write http:// in jumpserver.url, or another port"),
		inventory.OtherHost:  language.New("把 jumpserver.url 改成跳转到的地址，签名不能跟着跳转", "put the address that it redirects to into jumpserver.url: a signature cannot follow"),
		inventory.OtherPath: language.New("核对 jumpserver.url 的路径：只写协议、主机、端口；只有反向代理加了路径时才写路径",
			"correct the path in jumpserver.url: scheme, host and port are all, unless a reverse proxy adds a path"),
		inventory.LoginPage: language.New("JumpServer 前面有另一道登录（SSO 网关、Basic 认证、VPN 门户）：让它对 /api/ 放行这台机器，或把 jumpserver.url 改成绕过它的内网地址",
			"another login stands before JumpServer (an SSO gateway, Basic authentication, a portal): let this machine pass it for /api/, or use an inner address without it"),
		inventory.ProxyLogin: language.New("代理要求认证：把账号密码写进 jumpserver.proxy（http://用户:密码@主机:端口）", "the proxy wants a login: write it into jumpserver.proxy (http://user:password@host:port)"),
		inventory.ProxyRefuses: language.New("让代理放行 JumpServer 的主机与端口；不需要代理就把主机写进 NO_PROXY",
			"let the proxy connect to JumpServer's host and port; if none is needed, name the host in NO_PROXY"),
		inventory.ProxyAway: language.New("核对 jumpserver.proxy（或环境变量 HTTP_PROXY、HTTPS_PROXY）的地址，以及代理是否在运行",
			"correct jumpserver.proxy (or HTTP_PROXY, HTTPS_PROXY), and see whether the proxy runs"),
		inventory.TooLarge: language.New("调大前面的反向代理的请求上限（nginx：client_max_body_size 10m），或调小 sync.batch_size",
			"raise the limit of the reverse proxy (nginx: client_max_body_size 10m), or lower sync.batch_size"),
		inventory.Blocked: language.New("JumpServer 前面的防火墙（WAF）或访问名单拦下了请求：放行这台机器的出口地址，对 /api/ 允许 GET、POST、PATCH、DELETE、OPTIONS",
			"a firewall (WAF) or an access list before JumpServer refuses: let this machine's address pass, with GET, POST, PATCH, DELETE and OPTIONS below /api/"),
		inventory.BehindIsDown: language.New("前面的反向代理在，JumpServer 没有应答：看 JumpServer 的 core 是否在运行、是否在重启或维护",
			"the reverse proxy is there, JumpServer behind it does not answer: see whether its core runs, restarts, or is being maintained"),
		inventory.NotJumpServer: language.New("核对 jumpserver.url：应答的不是 JumpServer", "correct jumpserver.url: what answers is not JumpServer"),
	}
}

// NextStep returns what a person does about an error of JumpServer, of a cloud or of a channel; an empty text where
// nothing is known that helps in general.
func NextStep(err error) language.Text { return fixForKind(err, language.Text{}) }

// withProxyHint adds to a fix that a proxy is configured, but not for JumpServer.
func (x jumpServerExam) withProxyHint(fix language.Text) language.Text {
	if !x.HasOtherProxy || x.Proxied {
		return fix
	}
	return language.New(
		fix.ZH+"；设置了 proxy，但它只用于云与钉钉：要经代理访问 JumpServer，就设置 jumpserver.proxy",
		fix.EN+"; proxy is set, but it is for clouds and DingTalk only: if JumpServer is reached by a proxy, set jumpserver.proxy")
}
