package doctor

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/storage"
)

// Store is what a check needs of the state store (JMS_SYNC_STATE).
type Store struct {
	Name   string // the reference without its query; "" = there is none
	Bucket storage.Bucket
	Prefix string // "" or with a slash at its end
	Err    error  // why there is no Bucket
	// ProbeName names the object that is written and removed; no other object has it.
	ProbeName string
}

// StateCheck examines the state store with a probe object below its prefix: it is written, read, not overwritten by
// a create-only write if the store promises that, and removed.
func StateCheck(s Store) Check {
	title := "JMS_SYNC_STATE"
	if s.Name != "" {
		title += " " + s.Name
	}
	return Check{Title: language.New("状态存储 "+title, "state store "+title), Run: s.findings}
}

func (s Store) findings(ctx context.Context) []Finding {
	subject := language.New("状态存储", "state store")
	switch {
	case s.Err != nil:
		return []Finding{failureFinding(subject, language.New("不能使用", "it cannot be used").WithError(s.Err), language.New("按提示修改 JMS_SYNC_STATE 或其凭证", "correct JMS_SYNC_STATE or its credentials"))}
	case s.Name == "":
		return []Finding{okFinding(subject, language.New("没有设置：每次运行都完整对账，没有互斥锁与历史", "not set: each run compares everything, without a lease and a history"))}
	}
	lines, written := s.writeProbe(ctx)
	if !written {
		return lines
	}
	lines = append(lines, s.conditionFindings(ctx)...)
	return append(lines, s.removeProbe(ctx))
}

// cleanupTimeout is the time limit for removing the probe.
const cleanupTimeout = 10 * time.Second

func (s Store) probeKey() string { return s.Prefix + "doctor/" + s.ProbeName }

func (s Store) writeProbe(ctx context.Context) (lines []Finding, written bool) {
	data := []byte("jms-sync doctor " + s.ProbeName + "\n")
	subject := language.New("写入", "writing")
	if _, err := s.Bucket.Put(ctx, s.probeKey(), data, storage.Always()); err != nil {
		return []Finding{failureFinding(subject, language.New("不能写入", "it cannot be written").WithError(err), s.permissionFix(err, "PutObject"))}, false
	}
	lines = append(lines, okFinding(subject, language.New("可以写入", "can be written")))
	subject = language.New("读取", "reading")
	object, err := s.Bucket.Get(ctx, s.probeKey(), "")
	switch {
	case err != nil:
		lines = append(lines, failureFinding(subject, language.New("不能读取", "it cannot be read").WithError(err), s.permissionFix(err, "GetObject")))
	case !bytes.Equal(object.Data, data):
		lines = append(lines, failureFinding(subject, language.New("读到的不是刚写入的内容", "what is read is not what was written"), language.New("检查桶前是否有缓存或代理", "look for a cache or a proxy in front of the bucket")))
	default:
		lines = append(lines, okFinding(subject, language.New("可以读取", "can be read")))
	}
	return lines, true
}

// conditionFindings verifies that create-only writes work, if the store promises them: without them a lease cannot
// exclude a second run.
func (s Store) conditionFindings(ctx context.Context) []Finding {
	subject := language.New("条件写入", "conditions")
	if !s.Bucket.Capabilities(ctx).CreateOnly {
		return []Finding{warningFinding(subject, language.New("不支持“仅当不存在时写入”（桶开了版本控制，或无权查询）：没有可靠的互斥锁", "no create-only writes (versioning is on, or may not be asked for): the lease cannot be relied on"),
			language.New("状态桶关闭版本控制，并授予 GetBucketVersioning", "use a bucket without versioning, and grant GetBucketVersioning"))}
	}
	_, err := s.Bucket.Put(ctx, s.probeKey(), []byte("twice"), storage.CreateOnly())
	switch {
	case inventory.KindOf(err) == inventory.Conflict:
		return []Finding{okFinding(subject, language.New("支持“仅当不存在时写入”", "create-only writes are kept"))}
	case err == nil:
		return []Finding{failureFinding(subject, language.New("已存在的对象被“仅当不存在时写入”覆盖", "an object was written over by a create-only write"),
			language.New("换一个支持条件写入的存储；现在两次运行会互相覆盖", "use a store that keeps conditions; as it is, two runs would write over each other"))}
	}
	return []Finding{failureFinding(subject, language.New("条件写入出错", "a conditional write failed").WithError(err), s.permissionFix(err, "PutObject"))}
}

// removeProbe removes the probe, even if doctor was stopped meanwhile.
func (s Store) removeProbe(ctx context.Context) Finding {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
	defer cancel()
	subject := language.New("删除", "deleting")
	if err := s.Bucket.Delete(ctx, s.probeKey()); err != nil {
		return warningFinding(subject, language.Newf("探测对象 %s 删不掉", "the probe %s cannot be removed", s.probeKey()).WithError(err), s.permissionFix(err, "DeleteObject"))
	}
	return okFinding(subject, language.New("可以删除（探测对象已清除）", "can be deleted (the probe is gone)"))
}

func (s Store) permissionFix(err error, right string) language.Text {
	switch inventory.KindOf(err) {
	case inventory.Denied:
		return language.Newf("授予 %[2]s 上的 %[1]s", "grant %s on %s", right, strings.TrimSuffix(s.Name, "/")+"/*")
	case inventory.BadCredentials:
		return language.New("核对存储的凭证（函数的角色，或环境变量）与本机时钟", "check the store's credentials (the function's role, or variables) and this clock")
	case inventory.Invalid:
		return language.New("核对桶名、地域与 endpoint", "check bucket, region and endpoint")
	}
	return fixForKind(err, language.New("核对桶、地域与 endpoint", "check bucket, region and endpoint"))
}

// Source is where the configuration was read from.
type Source struct {
	Name   string // the reference without its query; "" = a file or variables
	File   string // that holds secrets; "" = none does
	Mode   fs.FileMode
	Bucket storage.Bucket
	Key    string
	Err    error
}

// ConfigurationCheck examines the source of the configuration: whether it was read, and whether the store can
// answer that it has not changed. Whether the key may also write it is not tried.
func ConfigurationCheck(s Source) Check {
	return Check{Title: language.New("配置", "configuration"), Run: s.findings}
}

// modeFindings warns of a file with secrets that every user of the machine may read or change.
func (s Source) modeFindings() []Finding {
	const others = 0o006
	if s.File == "" || s.Mode.Perm()&others == 0 {
		return nil
	}
	return []Finding{warningFinding(language.New("文件权限", "mode of the file"),
		language.Newf("%s 里有密钥，而这台机器上的任何用户都能读写它（%#o）", "%s holds secrets, and every user of this machine may read or change it (%#o)", s.File, s.Mode.Perm()),
		language.Newf("chmod 600 %s；或把密钥移到环境变量，配置里只写 ${变量}", "chmod 600 %s; or move the secrets into variables, and write ${VARIABLE} into it", s.File))}
}

func (s Source) findings(ctx context.Context) []Finding {
	subject := language.New("配置", "configuration")
	if s.Name == "" {
		return append([]Finding{okFinding(subject, language.New("读取并通过检查", "read, and without mistakes"))}, s.modeFindings()...)
	}
	if s.Err != nil {
		return []Finding{failureFinding(subject, language.New("对象不能读取", "its object cannot be read").WithError(s.Err), language.New("核对 JMS_SYNC_CONFIG 与其凭证", "check JMS_SYNC_CONFIG and its credentials"))}
	}
	object, err := s.Bucket.Get(ctx, s.Key, "")
	if err != nil {
		return []Finding{failureFinding(subject, language.New("对象不能读取", "its object cannot be read").WithError(err), language.New("核对 JMS_SYNC_CONFIG 与其凭证", "check JMS_SYNC_CONFIG and its credentials"))}
	}
	lines := []Finding{okFinding(subject, language.Newf("%s 读取并通过检查", "%s was read, and is without mistakes", s.Name))}
	if _, err := s.Bucket.Get(ctx, s.Key, object.ETag); !errors.Is(err, storage.ErrNotModified) {
		lines = append(lines, warningFinding(language.New("条件读取", "conditional reading"), language.New("存储不答复“未修改”，每次调用都会下载整个配置", "the store does not answer “not modified”: each invocation downloads all of it"),
			language.New("检查桶前是否有代理", "look for a proxy in front of the bucket")))
	}
	return append(lines, okFinding(language.New("写权限", "right to write"), language.New("没有尝试；同步只需要读（GetObject），不要授予写", "not tried; a sync only reads it (GetObject): do not grant writing")))
}
