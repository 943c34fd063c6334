package walk

import "strings"

// keySteps give the reader's tools the key that deploys, and make what has to be there before.
func keySteps() []step {
	return []step{
		{run: "export ALICLOUD_ACCOUNT_ID"}, {run: "export ALICLOUD_ACCESS_KEY"}, {run: "export ALICLOUD_SECRET_KEY"},
		{run: "export OSS_ACCESS_KEY_ID"}, {run: "export ALIBABA_CLOUD_ACCESS_KEY_ID"},
		{run: "npm install"}, {run: "s config add"},
		{run: "make infra", in: "yes\n"},
	}
}

// deploySteps go from the key that deploys to the functions.
func deploySteps(w *world) []step {
	return append(keySteps(), []step{
		{run: "ossutil cp config.yaml"},
		{run: "bin/jms-sync doctor --deploy --fix"},
		{run: "make deploy", says: []string{"deployed jms-sync-timer"}, after: w.checkDeployed},
	}...)
}

// checkDeployed wants both functions to have what they need to read the configuration.
func (w *world) checkDeployed(string) {
	if len(w.cloud.deployed) != 2 {
		w.Errorf("%d functions are deployed", len(w.cloud.deployed))
	}
	for name, variables := range w.cloud.deployed {
		if !strings.HasPrefix(variables["JMS_SYNC_CONFIG"], "oss://jms-sync-config-") || variables["JMS_KEY_SECRET"] == "" {
			w.Errorf("the function %s lacks variables: it has %d", name, len(variables))
		}
	}
}

func walkDeploy(w *world) []step {
	w.prepare()
	w.fillInstances("cn-hangzhou", 1, 3)
	return append(keySteps(), []step{
		{run: "bin/jms-sync plan -c config.yaml"},
		{run: "ossutil cp config.yaml"},
		{run: "bin/jms-sync doctor --deploy --fix"},
		{run: "make deploy", after: w.checkDeployed},
		{run: "s timer invoke", says: []string{`"outcome":"ok","dry_run":true`, `"total":3`}},
		{run: "make remove", after: func(string) {
			if w.cloud.deployed != nil {
				w.Error("functions are still there")
			}
		}},
	}...)
}
