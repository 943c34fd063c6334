package doctor

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/storage"
)

// Store is the state store (JMS_SYNC_STATE) as it is examined.
type Store struct {
	Name   string // the reference without its query; "" = there is none
	Bucket storage.Bucket
	Prefix string // "" or with a slash at its end
	Err    error  // why there is no Bucket
	// Probe names the object that is written and removed; it is like no other.
	Probe string
}

// State examines the state store by an object of its own below its prefix: written, read, not
// written twice where the store can promise that, and removed.
func State(s Store) Check {
	title := "JMS_SYNC_STATE"
	if s.Name != "" {
		title += " " + s.Name
	}
	return Check{Title: say("状态存储 "+title, "state store "+title), Run: s.run}
}

func (s Store) run(ctx context.Context) []Line {
	subject := say("状态存储", "state store")
	switch {
	case s.Err != nil:
		return []Line{fail(subject, say("不能使用", "it cannot be used").with(s.Err), say("按提示修改 JMS_SYNC_STATE 或其凭证", "correct JMS_SYNC_STATE or its credentials"))}
	case s.Name == "":
		return []Line{fine(subject, say("没有设置：每次运行都完整对账，没有互斥锁与历史", "not set: each run compares everything, without a lease and a history"))}
	}
	lines, written := s.write(ctx)
	if !written {
		return lines
	}
	lines = append(lines, s.conditions(ctx)...)
	return append(lines, s.remove(ctx))
}

// lastCall is the time for removing the probe.
const lastCall = 10 * time.Second

func (s Store) key() string { return s.Prefix + "doctor/" + s.Probe }

func (s Store) write(ctx context.Context) (lines []Line, written bool) {
	data := []byte("jms-sync doctor " + s.Probe + "\n")
	subject := say("写入", "writing")
	if _, err := s.Bucket.Put(ctx, s.key(), data, storage.Always()); err != nil {
		return []Line{fail(subject, say("不能写入", "it cannot be written").with(err), s.fix(err, "PutObject"))}, false
	}
	lines = append(lines, fine(subject, say("可以写入", "can be written")))
	subject = say("读取", "reading")
	object, err := s.Bucket.Get(ctx, s.key(), "")
	switch {
	case err != nil:
		lines = append(lines, fail(subject, say("不能读取", "it cannot be read").with(err), s.fix(err, "GetObject")))
	case !bytes.Equal(object.Data, data):
		lines = append(lines, fail(subject, say("读到的不是刚写入的内容", "what is read is not what was written"), say("检查桶前是否有缓存或代理", "look for a cache or a proxy in front of the bucket")))
	default:
		lines = append(lines, fine(subject, say("可以读取", "can be read")))
	}
	return lines, true
}

// conditions proves what the store promises: without it a lease cannot exclude a second run.
func (s Store) conditions(ctx context.Context) []Line {
	subject := say("条件写入", "conditions")
	if !s.Bucket.Abilities(ctx).CreateOnly {
		return []Line{warn(subject, say("不支持“仅当不存在时写入”（桶开了版本控制，或无权查询）：没有可靠的互斥锁", "no create-only writes (versioning is on, or may not be asked for): the lease cannot be relied on"),
			say("状态桶关闭版本控制，并授予 GetBucketVersioning", "use a bucket without versioning, and grant GetBucketVersioning"))}
	}
	_, err := s.Bucket.Put(ctx, s.key(), []byte("twice"), storage.CreateOnly())
	switch {
	case inventory.KindOf(err) == inventory.Conflict:
		return []Line{fine(subject, say("支持“仅当不存在时写入”", "create-only writes are kept"))}
	case err == nil:
		return []Line{fail(subject, say("已存在的对象被“仅当不存在时写入”覆盖", "an object was written over by a create-only write"),
			say("换一个支持条件写入的存储；现在两次运行会互相覆盖", "use a store that keeps conditions; as it is, two runs would write over each other"))}
	}
	return []Line{fail(subject, say("条件写入出错", "a conditional write failed").with(err), s.fix(err, "PutObject"))}
}

// remove also works where doctor was stopped meanwhile: no probe stays behind.
func (s Store) remove(ctx context.Context) Line {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastCall)
	defer cancel()
	subject := say("删除", "deleting")
	if err := s.Bucket.Delete(ctx, s.key()); err != nil {
		return warn(subject, sayf("探测对象 %s 删不掉", "the probe %s cannot be removed", s.key()).with(err), s.fix(err, "DeleteObject"))
	}
	return fine(subject, say("可以删除（探测对象已清除）", "can be deleted (the probe is gone)"))
}

func (s Store) fix(err error, right string) Text {
	switch inventory.KindOf(err) {
	case inventory.Denied:
		return sayf("授予 %[2]s 上的 %[1]s", "grant %s on %s", right, strings.TrimSuffix(s.Name, "/")+"/*")
	case inventory.BadCredentials:
		return say("核对存储的凭证（函数的角色，或环境变量）与本机时钟", "check the store's credentials (the function's role, or variables) and this clock")
	case inventory.Invalid:
		return say("核对桶名、地域与 endpoint", "check bucket, region and endpoint")
	}
	return byKind(err, say("核对桶、地域与 endpoint", "check bucket, region and endpoint"))
}

// Source is where the configuration was read from.
type Source struct {
	Name   string // the reference without its query; "" = a file or variables, which were read
	Bucket storage.Bucket
	Key    string
	Err    error
}

// Configuration examines where the configuration comes from: it was read, and whether it may be
// asked for anew at little cost. Whether the key may also write it is not tried.
func Configuration(s Source) Check {
	return Check{Title: say("配置", "configuration"), Run: s.run}
}

func (s Source) run(ctx context.Context) []Line {
	subject := say("配置", "configuration")
	if s.Name == "" {
		return []Line{fine(subject, say("读取并通过检查", "read, and without mistakes"))}
	}
	if s.Err != nil {
		return []Line{fail(subject, say("对象不能读取", "its object cannot be read").with(s.Err), say("核对 JMS_SYNC_CONFIG 与其凭证", "check JMS_SYNC_CONFIG and its credentials"))}
	}
	object, err := s.Bucket.Get(ctx, s.Key, "")
	if err != nil {
		return []Line{fail(subject, say("对象不能读取", "its object cannot be read").with(err), say("核对 JMS_SYNC_CONFIG 与其凭证", "check JMS_SYNC_CONFIG and its credentials"))}
	}
	lines := []Line{fine(subject, sayf("%s 读取并通过检查", "%s was read, and is without mistakes", s.Name))}
	if _, err := s.Bucket.Get(ctx, s.Key, object.ETag); !errors.Is(err, storage.ErrNotModified) {
		lines = append(lines, warn(say("条件读取", "conditional reading"), say("存储不答复“未修改”，每次调用都会下载整个配置", "the store does not answer “not modified”: each invocation downloads all of it"),
			say("检查桶前是否有代理", "look for a proxy in front of the bucket")))
	}
	return append(lines, fine(say("写权限", "right to write"), say("没有尝试；同步只需要读（GetObject），不要授予写", "not tried; a sync only reads it (GetObject): do not grant writing")))
}
