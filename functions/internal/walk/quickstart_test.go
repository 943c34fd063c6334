package walk

func walkQuickStart(w *world) []step {
	w.fillInstances("cn-hangzhou", 1, 3)
	untouched := func(string) {
		if n := w.services.JMS.Writes() + w.services.Robot.Calls(); n > 0 || len(w.services.Hosts()) > 0 {
			w.Errorf("the plan wrote or told %d times", n)
		}
	}
	synced := func(string) {
		if n := len(w.services.Hosts()); n != 3 {
			w.Errorf("%d hosts after the first sync", n)
		}
	}
	deploy := deploySteps(w)
	return append([]step{
		{run: "git clone"}, {run: "cd jms-sync"}, {run: "make demo"}, {run: "make build"},
		{run: "export JMS_KEY_ID"}, {run: "export JMS_KEY_SECRET"}, {run: "export ALIYUN_KEY_ID"}, {run: "export ALIYUN_KEY_SECRET"},
		{run: "cat > config.yaml"},
		{run: "bin/jms-sync plan", after: untouched},
		{run: "bin/jms-sync", after: synced},
		{run: "bin/jms-sync plan"},
		{run: "export DINGTALK_WEBHOOK"}, {run: "export DINGTALK_SECRET"}, {run: "cat >> config.yaml"},
		{run: "bin/jms-sync doctor --send-test", after: func(string) {
			if n := w.services.Robot.Calls(); n != 2 {
				w.Errorf("%d cards, want one of each form", n)
			}
		}},
	}, deploy...)
}
