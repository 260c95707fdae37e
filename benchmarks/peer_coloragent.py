"""ColorAgent's own `HierarchicalAgent` on one task; run by peer_phone.py with the interpreter of the peer.

    python peer_coloragent.py REPOSITORY BASE_URL ADB_PORT SERIAL MAX_STEPS GOAL

Its modules are those of its `configs/coloragent.yaml`. Only the waiting after an action is shortened (2.0 s to 0.05 s),
which changes no call.
"""

import json
import logging
import sys


def main() -> None:
    repository, base_url, port, serial, max_steps, goal = sys.argv[1:7]
    sys.path.insert(0, repository)
    logging.disable(logging.CRITICAL)
    from mobile_use.agents.hierarchical_agent import HierarchicalAgent

    on = {"enabled": True}
    agent = HierarchicalAgent(
        vlm={"model_name": "scripted", "api_key": "none", "base_url": base_url, "max_tokens": 1024},
        env={"serial_no": serial, "port": int(port), "wait_after_action_seconds": 0.05},
        max_steps=int(max_steps),
        operator={**on, "name": "OperatorQwen", "prompt_config": "operator_qwen.yaml"},
        answer_agent={**on, "name": "AnswerAgentQwen", "prompt_config": "answer_agent_qwen.yaml"},
        reflector=on,
        trajectory_reflector=on,
        global_reflector=on,
        task_classifier=on,
        task_orchestrator=on,
        task_extractor=on,
        task_rewriter=on,
        enable_hierarchical_planning=True,  # its YAML says {enabled: true}, which its own schema refuses
    )
    stdout, sys.stdout = sys.stdout, sys.stderr  # it prints its prompts
    episode = agent.run(goal)
    sys.stdout = stdout
    answers = [step.answer for step in episode.trajectory if getattr(step, "answer", None)]
    status = getattr(episode.status, "value", str(episode.status))
    print(
        json.dumps({"status": status, "steps": episode.num_steps, "answer": answers[-1] if answers else ""})
    )


if __name__ == "__main__":
    main()
