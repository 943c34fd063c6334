package doctor

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/language"
)

// Deployment is what is to be deployed, according to the file of Serverless Devs and the configuration.
type Deployment struct {
	File              string // of Serverless Devs
	Err               error  // why it cannot be read
	Functions         []DeployedFunction
	Config            string   // where the configuration was read; "" = from variables alone
	ConfigErr         error    // why it could not be read, so that its variables are unknown
	RequiredVariables []string // those that it names without a default
}

// DeployedFunction is one function, with the variables that it will have.
type DeployedFunction struct {
	Name      string
	Variables map[string]string
	// LoadConfig reads the configuration with these variables and no others, as the function will.
	LoadConfig func(context.Context, map[string]string) error
}

// DeploymentCheck examines whether the functions will be able to read their configuration. It reads nothing but the
// configuration's object, if it is one.
func DeploymentCheck(d Deployment) Check {
	return Check{Title: language.New("部署 "+d.File, "deployment "+d.File), Run: d.findings}
}

func (d Deployment) findings(ctx context.Context) []Finding {
	switch {
	case d.Err != nil:
		return []Finding{failureFinding(language.New("文件", "file"), language.New("读不了", "it cannot be read").WithError(d.Err),
			language.New("在有 s.yaml 的目录里运行，或写 --deploy=文件", "run it where s.yaml is, or name the file: --deploy=FILE"))}
	case len(d.Functions) == 0:
		return []Finding{failureFinding(language.New("函数", "functions"), language.New("文件里没有 fc3 的函数", "the file has no function of fc3"),
			language.New("写 --deploy=文件", "name the file: --deploy=FILE"))}
	}
	lines := []Finding{d.sourceFinding()}
	for _, f := range d.Functions {
		lines = append(lines, d.functionFinding(ctx, f))
	}
	return lines
}

// sourceFinding reports where the configuration was read.
func (d Deployment) sourceFinding() Finding {
	subject := language.New("配置", "configuration")
	switch {
	case d.ConfigErr != nil:
		return warningFinding(subject, language.New("读不了，不知道它用到哪些变量", "it cannot be read, so that its variables are not known").WithError(d.ConfigErr),
			language.New("用 -c 指明上传的那一份的本地副本", "name a local copy of what was uploaded with -c"))
	case d.Config != "":
		return okFinding(subject, language.Newf("按 %s 检查；上传的应是同一份", "examined as in %s, which should be what was uploaded", d.Config))
	}
	return okFinding(subject, language.New("没有文件，全部来自环境变量", "there is no file, all comes from variables"))
}

// functionFinding examines one function.
func (d Deployment) functionFinding(ctx context.Context, f DeployedFunction) Finding {
	subject := language.New("函数 "+f.Name, "function "+f.Name)
	var absent, empty []string
	for _, name := range d.RequiredVariables {
		value, passed := f.Variables[name]
		switch {
		case !passed:
			absent = append(absent, name)
		case value == "":
			empty = append(empty, name)
		}
	}
	switch {
	case len(absent) > 0:
		return failureFinding(subject, language.Newf("不传配置用到的变量：%s", "it is not given variables that the configuration names: %s", strings.Join(absent, ", ")),
			language.Newf("在 %s 的 environmentVariables 里各加一行，例如 %s: ${env('%s')}，值写进 .env",
				"add a line for each to environmentVariables in %s, such as %s: ${env('%s')}, and the value to .env", d.File, absent[0], absent[0]))
	case len(empty) > 0:
		return failureFinding(subject, language.Newf("这些变量没有值：%s", "these variables have no value: %s", strings.Join(empty, ", ")),
			language.Newf("写进 %s 旁边的 .env，或在执行前 export", "write them to .env beside %s, or export them before", d.File))
	case d.ConfigErr != nil:
		return warningFinding(subject, language.New("没有检查", "not examined"), language.Text{})
	}
	if err := f.LoadConfig(ctx, f.Variables); err != nil {
		return failureFinding(subject, language.New("用它得到的变量读不了配置", "with the variables that it is given the configuration cannot be used").WithError(err),
			language.New("改配置或变量；没有 JMS_SYNC_CONFIG 时全部配置都要由变量给出", "correct configuration or variables; without JMS_SYNC_CONFIG variables have to say all"))
	}
	names := strings.Join(slices.Sorted(maps.Keys(f.Variables)), ", ")
	return okFinding(subject, language.Newf("能读取配置；传给它的变量：%s", "it can read the configuration; its variables: %s", names))
}
