"""Graphs: what travels is the graph that was given, each node to the right of its parents."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genai_course.graphs import Graph


@st.composite
def networks(draw):
    "Up to eight nodes, each with up to three parents among those before it, one perhaps twice."
    size = draw(st.integers(0, 8))
    return {f"n{i}": [f"n{p}" for p in draw(st.lists(st.integers(0, i - 1), max_size=3))] if i else [] for i in range(size)}


@given(networks())
def test_nodes_and_edges_are_those_of_the_graph_and_run_rightward(parents):
    packed = json.loads(json.dumps(Graph(parents, "A graph.").pack(), allow_nan=False))
    column = {node["id"]: node["place"][0] for node in packed["nodes"]}
    assert {node["id"]: node["parents"] for node in packed["nodes"]} == parents
    assert [(edge["target"], edge["source"]) for edge in packed["edges"]] == [(node, parent) for node, above in parents.items() for parent in above]
    assert all(column[edge["source"]] < column[edge["target"]] for edge in packed["edges"])


def test_values_labels_and_marks_stand_where_they_belong():
    packed = Graph({"a": [], "b": ["a", "a"]}, "Twice.", {"b": 4}, {("b", "a"): "×2"}, ["b"]).pack()
    assert [(node["value"], node["marked"]) for node in packed["nodes"]] == [("", False), ("4", True)]
    assert [(edge["label"], edge["twin"]) for edge in packed["edges"]] == [("×2", 1), ("×2", 2)]


def test_a_graph_without_nodes_and_one_in_a_circle():
    assert Graph({}, "No nodes.").picture().alt == "No nodes."
    with pytest.raises(ValueError, match="'a' names 'b' as a parent"): Graph({"a": ["b"], "b": ["a"]}, "A circle.").pack()


def test_a_graph_that_nobody_can_read_is_refused():
    with pytest.raises(ValueError, match="101 nodes are too many to read: show at most 100"): Graph({str(i): [] for i in range(101)}, "Many.").pack()
