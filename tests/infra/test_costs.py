"""What the bill takes an environment to consist of is what Terraform plans."""

import pytest
from tests.infra.terraform import Resource, planned

from orders_tools.cost.environments import API_MEMORY_MB, CONSUMER_MEMORY_MB, ENVIRONMENTS, QUEUES


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_is_what_terraform_plans(name: str) -> None:
    plan, environment = planned(name), ENVIRONMENTS[name]

    def of(kind: str) -> list[Resource]:
        return [resource for resource in plan if resource.type == kind]

    assert len(of("aws_cloudwatch_metric_alarm")) == environment.alarms
    assert [rule.values["fixed_rate"] for rule in of("aws_xray_sampling_rule")] == [environment.traced_share]
    assert [rule.values["reservoir_size"] for rule in of("aws_xray_sampling_rule")] == [0]
    assert sum(len(acl.values["rule"]) for acl in of("aws_wafv2_web_acl")) == environment.firewall_rules
    assert (
        any(table.values["point_in_time_recovery"][0]["enabled"] for table in of("aws_dynamodb_table"))
        == environment.backup
    )
    assert len(of("aws_lambda_provisioned_concurrency_config")) == (environment.warm_instance_hours > 0)
    memory = {
        function.values["function_name"].rpartition("-")[2]: function.values["memory_size"]
        for function in of("aws_lambda_function")
    }
    assert memory.pop("api") == API_MEMORY_MB
    assert set(memory.values()) == {CONSUMER_MEMORY_MB}
    consumed = [
        mapping for mapping in of("aws_lambda_event_source_mapping") if mapping.values["batch_size"] == 10
    ]
    assert len(consumed) == QUEUES
