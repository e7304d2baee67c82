"""Prints dvc.yaml's code dependencies as the imports have them: `python -m tests.support.wiring STAGE`."""

import sys

import grimp

PACKAGE = "pipeline"
TEMPLATES = {
    "darkroom.reporting.page": [f"pipeline/evaluation/{name}.j2" for name in ("data.html", "page.html", "style.css")],
}


def closure(stage: str) -> list[str]:
    """Every file of the package that a stage imports, directly or not, and the templates they load."""
    graph = grimp.build_graph(PACKAGE)
    modules = {f"{PACKAGE}.{stage}"} | graph.find_upstream_modules(f"{PACKAGE}.{stage}")
    parents = {".".join(module.split(".")[:depth]) for module in modules for depth in range(1, module.count(".") + 1)}
    packages = {module for module in graph.modules if graph.find_children(module)}
    files = [name.replace(".", "/") + ("/__init__.py" if name in packages else ".py") for name in modules | parents]
    return sorted(files + [file for module in modules for file in TEMPLATES.get(module, [])])


if __name__ == "__main__":
    print("\n".join(f"      - {file}" for file in closure(sys.argv[1])))
